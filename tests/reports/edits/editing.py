"""How a forger edits a finished report: the text, the hash and the record that go together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.reports.forging import forged, record_path, taken_apart

Edit = Callable[[Path], None]


def collected(table: dict[str, Edit]) -> Callable[[Edit], Edit]:
    """A decorator that puts an edit into a table under its name."""

    def add(edit: Edit) -> Edit:
        table[edit.__name__] = edit
        return edit

    return add


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def store(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def rehash(out: Path, *names: str) -> None:
    """The manifest's hashes of some files, made anew: a forger knows where they stand."""
    manifest = load(out / "manifest.json")
    for name in names:
        if (out / name).is_file():
            manifest["outputs"][name] = hashlib.sha256((out / name).read_bytes()).hexdigest()
        else:
            manifest["outputs"].pop(name, None)
    store(out / "manifest.json", manifest)


def in_rows(out: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    body = load(out / "verdicts.json")
    change(body["rows"])
    store(out / "verdicts.json", body)
    rehash(out, "verdicts.json")


def in_row(out: Path, **fields: Any) -> None:
    """Some fields of the first row that holds."""
    in_rows(out, lambda rows: next(row for row in rows if row["verdict"] == "HOLDS").update(fields))


def in_manifest(out: Path, **fields: Any) -> None:
    store(out / "manifest.json", load(out / "manifest.json") | fields)


def in_text(out: Path, name: str, old: str, new: str) -> None:
    text = (out / name).read_text(encoding="utf-8")
    assert old in text, f"{name} does not say {old}"
    (out / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    rehash(out, name)


def in_bytes(out: Path, name: str) -> None:
    """One bit of a file's middle."""
    data = bytearray((out / name).read_bytes())
    data[len(data) // 2] ^= 1
    (out / name).write_bytes(bytes(data))
    rehash(out, name)


def record_of(out: Path, bound: str) -> str:
    """The key of the record behind the first row of a bound."""
    return next(key for row, key in load(out / "manifest.json")["row_records"].items() if row.startswith(f"{bound}:"))


def in_record(out: Path, key: str, change: Callable[[dict[str, Any], dict[str, np.ndarray]], None]) -> None:
    """A record changed, its checksum recomputed, here and in the manifest."""
    path = record_path(out, key)
    body, arrays = taken_apart(path)
    change(body, arrays)
    path.write_bytes(forged(body, arrays))
    rehash(out, path.relative_to(out).as_posix())
