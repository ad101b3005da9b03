"""The files of a report by their paths: their hashes, and what lies beside them that is not of the same build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from reports.manifest import NAME
from reports.pages.speed import FILE_NAME as SPEED
from reports.records.store import Store

# what a build makes and nobody else: other files of these kinds in them are of another build
_FOLDERS = ("figures", "studies", "certificates", *(f"appendix/{part}" for part in
            ("statements", "proofs", "tables", "figures", "column")))  # fmt: skip
_KINDS = (".csv", ".json", ".pdf", ".pgf", ".png", ".svg", ".tex")
FAILURE = "failure.txt"
_SINGLE = (FAILURE, "interactive.html")


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files(folder: Path) -> list[str]:
    """The paths of all files in a folder, without those that begin with a dot."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))


def hashes(folder: Path, out: Path, records: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of what a build wrote in a folder, of the records in OUT, and of what else in OUT its page shows."""
    made = {name: digest(folder / name) for name in files(folder)}
    read = [*map(record_file, records), *[SPEED] * (out / SPEED).is_file()]
    return dict(sorted((made | {name: digest(out / name) for name in read}).items()))


def record_file(key: str) -> str:
    """The path of a record.

    >>> record_file("abcd")
    'records/ab/abcd.npz'
    """
    return Store(Path("records")).path(key).as_posix()


def foreign(out: Path, outputs: Mapping[str, str]) -> Iterator[str]:
    """What lies in the places of a report and is not among its outputs."""
    for folder in _FOLDERS:
        for name in files(out / folder) if (out / folder).is_dir() else ():
            if f"{folder}/{name}" not in outputs and PurePosixPath(name).suffix in _KINDS:
                yield f"{folder}/{name}"
    yield from (name for name in _SINGLE if name not in outputs and (out / name).is_file())


def stale(out: Path, outputs: Mapping[str, str]) -> list[Path]:
    """What a new report with these outputs takes the place of and does not write itself.

    Records stay: other builds may share them. A path that leads out of the folder is nobody's to delete.
    """
    try:
        before = json.loads((out / NAME).read_bytes())["outputs"]
        listed = [name for name in before if not name.startswith("records/") and name != SPEED]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        listed = []
    named = {*listed, *foreign(out, outputs)} - set(outputs)
    here = out.resolve()
    return [out / name for name in sorted(named) if (out / name).resolve().is_relative_to(here)]
