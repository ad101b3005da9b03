"""Records of what was run: content-addressed, atomic, one JSON file for the words and one npz for the arrays.

The key is the SHA-256 of the canonical cell description and the code version, so a record is found again exactly when
the same thing would be run again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1


@dataclass(frozen=True)
class Record:
    """One cell's outcome: its description, plain facts, and arrays."""

    key: str
    cell: Mapping[str, Any]
    facts: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]


def record_key(cell: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of a cell description and the record format.

    >>> record_key({"a": 1, "b": 2}) == record_key({"b": 2, "a": 1})
    True
    """
    canonical = json.dumps({"format": FORMAT, "cell": cell}, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Write data so that a reader sees either the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Store:
    """A folder of records."""

    folder: Path

    def write(self, cell: Mapping[str, Any], facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Record:
        """Store one outcome; the JSON file appears last, so a record that exists is whole."""
        key = record_key(cell)
        packed = _packed(arrays)
        write_atomically(self.folder / f"{key}.npz", packed)
        body = {"key": key, "cell": cell, "facts": facts, "arrays_sha256": hashlib.sha256(packed).hexdigest()}
        body["sha256"] = _digest(body)
        text = json.dumps(body, indent=1, sort_keys=True, allow_nan=False)
        write_atomically(self.folder / f"{key}.json", text.encode())
        return Record(key, dict(cell), dict(facts), {name: np.asarray(value) for name, value in arrays.items()})

    def read(self, key: str) -> Record:
        """The record with a key. Raises ValueError naming a record whose parts do not belong together."""
        body = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        if body.get("sha256") != _digest({name: value for name, value in body.items() if name != "sha256"}):
            raise ValueError(f"record {key}: {key}.json was changed after it was stored; run the report again")
        packed = (self.folder / f"{key}.npz").read_bytes()
        if hashlib.sha256(packed).hexdigest() != body["arrays_sha256"]:
            raise ValueError(
                f"record {key}: its arrays are not the ones that were stored with it; run the report again"
            )
        if record_key(body["cell"]) != key:
            raise ValueError(f"record {key}: its cell description was changed; run the report again")
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return Record(key, body["cell"], body["facts"], {name: arrays[name] for name in arrays.files})

    def all_keys(self) -> Iterator[str]:
        """The keys of all records, in order."""
        return iter(sorted(path.stem for path in self.folder.glob("*.json")))

    def __contains__(self, key: object) -> bool:
        return (self.folder / f"{key}.json").is_file()


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    # float64 iterates hardly shrink, and packing them took longer than many a cell
    np.savez(buffer, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """python -m reports.records.store ls | show KEY | verify | prune, each with --out DIR; records live in DIR/records.

    Exit status 0; 1 when verify finds a damaged record; 2 for bad input. prune deletes the records that the folder's
    manifest does not name.
    """
    words, out = _folder(arguments)
    store = Store(out / "records")
    if not store.folder.is_dir() or not words:
        problem = "expected ls, show KEY, verify or prune" if not words else f"--out {out}: no records there"
        return _refused(problem)
    verb, rest = words[0], words[1:]
    if verb == "ls" and not rest:
        for key in store.all_keys():
            cell = json.loads((store.folder / f"{key}.json").read_text(encoding="utf-8"))["cell"]
            _say(f"{key[:12]}  {cell['kind']:6}  {cell['cell']['task']:20}  {','.join(cell['cell']['statements'])}")
        return 0
    if verb == "show" and len(rest) == 1:
        keys = [key for key in store.all_keys() if key.startswith(rest[0])]
        if len(keys) != 1:
            return _refused(f"show {rest[0]}: {len(keys)} records begin so; expected one")
        record = store.read(keys[0])
        shapes = {name: list(value.shape) for name, value in record.arrays.items()}
        _say(json.dumps({"key": record.key, "cell": record.cell, "facts": record.facts, "arrays": shapes}, indent=1))
        return 0
    if verb == "verify" and not rest:
        return _verify(store)
    if verb == "prune" and not rest:
        return _prune(store, out / "manifest.json")
    return _refused(f"{' '.join(words)}: expected ls, show KEY, verify or prune")


def _verify(store: Store) -> int:
    damaged = 0
    for key in store.all_keys():
        try:
            store.read(key)
        except (OSError, ValueError) as error:
            damaged += 1
            _say(str(error))
    _say(f"{sum(1 for _ in store.all_keys())} records, {damaged} damaged")
    return int(damaged > 0)


def _prune(store: Store, manifest: Path) -> int:
    if not manifest.is_file():
        return _refused(f"{manifest}: not there, so nothing says which records are in use; build the report first")
    named = json.loads(manifest.read_text(encoding="utf-8"))
    used = {*named["records"], *named.get("study_records", ())}
    unused = [path for path in sorted(store.folder.iterdir()) if path.stem not in used]
    for path in unused:
        path.unlink()
    _say(f"{len(unused)} files deleted")
    return 0


def _folder(arguments: list[str]) -> tuple[list[str], Path]:
    words, out = list(arguments), Path("out")
    if "--out" in words:
        place = words.index("--out")
        out = Path(words[place + 1]) if place + 1 < len(words) else out
        del words[place : place + 2]
    return words, out


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _refused(problem: str) -> int:
    sys.stderr.write(f"reports.records.store: {problem}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
