"""A report's files written beside it and put in place together: whoever ends last leaves a whole report.

A build writes into a folder of its own, OUT/.building-..., which a lock marks as living. When all is there the folder
is renamed to OUT/.publishing, which only one can be, and its files are moved out of it one by one, the manifest last. A
folder without a living lock was left by a build that was stopped; under the second name it says that OUT holds files of
two builds.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # pragma: no cover  # Windows: a folder lives for a day
    fcntl = None

_BUILDING, _PUBLISHING = ".building-", ".publishing"
_LOCK, _RECORDS = ".living.lock", ".living.json"
LAST = "manifest.json"
DAY = 86400.0
_TURN = 0.05  # seconds between two looks at a publication that is under way


class Staging:
    """The folder of one build, as a context: what was not published is deleted at its end.

    >>> out = Path(tempfile.mkdtemp())
    >>> with Staging(out) as staging:
    ...     _ = (staging.folder / "manifest.json").write_text("{}")
    ...     staging.publish(lambda old: [])
    >>> sorted(path.name for path in out.iterdir())
    ['manifest.json']
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        out.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=out, prefix=_BUILDING))
        self._lock = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR)
        _locked(self._lock)

    def __enter__(self) -> Staging:
        """The folder itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete what is left of the folder, and what builds that were stopped have left.

        A publication that ended half way stays, for `interrupted` to see.
        """
        if self.folder.name != _PUBLISHING or not (self.folder / LAST).exists():
            shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        for left in _folders(self.out, _BUILDING):
            with _dead(left) as free:
                if free:
                    shutil.rmtree(left, ignore_errors=True)

    def names(self, records: Iterable[str] | None) -> None:
        """Say which records the build reads or writes, so that nobody prunes them; None: any record there is."""
        text = json.dumps(None if records is None else sorted(records))
        (self.folder / _RECORDS).write_text(text, encoding="utf-8")

    def publish(self, stale: Callable[[Path], Iterable[Path]]) -> None:
        """Move every file to its place in OUT, the manifest last; `stale` says what in OUT is not of this build.

        Waits while another build publishes, and takes over from one that was stopped.
        """
        place = self.out / _PUBLISHING
        while True:
            try:
                os.rename(self.folder, place)
                break
            except OSError:
                if not place.is_dir():
                    raise
            with _dead(place) as free:
                if free:
                    shutil.rmtree(place, ignore_errors=True)
            time.sleep(_TURN)
        self.folder = place
        files = sorted(path.relative_to(place) for path in place.rglob("*") if path.is_file())
        for name in (name for name in files if name.name not in (LAST, _LOCK, _RECORDS)):
            (self.out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(place / name, self.out / name)
        for old in stale(self.out):
            old.unlink(missing_ok=True)
        os.replace(place / LAST, self.out / LAST)


def interrupted(out: Path) -> str:
    """Why OUT is not one report: a build was stopped, or is at work, between its files; empty when it is one.

    >>> interrupted(Path(tempfile.mkdtemp()))
    ''
    """
    place = out / _PUBLISHING
    if not (place / LAST).is_file():
        return ""
    with _dead(place) as free:
        if not free:
            return f"{out}: a build is putting its files in place; ask again when it has ended"
    return (
        f"{out}: a build was stopped while it put its files in place, so that files of two builds stand side by side; "
        "build the report again"
    )


def spared(out: Path) -> set[str] | None:
    """The records that living builds name; None when one of them may read any record."""
    found: set[str] = set()
    for folder in (*_folders(out, _BUILDING), *_folders(out, _PUBLISHING)):
        with _dead(folder) as free:
            if free:
                continue
        try:
            named = json.loads((folder / _RECORDS).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it has just begun, or has just ended
            named = None
        if named is None:
            return None
        found |= set(named)
    return found


def _folders(out: Path, prefix: str) -> list[Path]:
    return [path for path in sorted(out.glob(f"{prefix}*")) if path.is_dir()]


def _locked(handle: int) -> bool:
    """Take the lock of a build, which the system drops with the process; False when another has it.

    A lock of this kind is not inherited: worker processes that outlive their build do not keep it alive.
    """
    if fcntl is None:  # pragma: no cover
        return time.time() - os.fstat(handle).st_mtime > DAY
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _dead(folder: Path) -> Iterator[bool]:
    """Whether a build's folder was left by one that was stopped; while True it is held, and nobody else's to take."""
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        yield folder.is_dir() and time.time() - folder.stat().st_mtime > 1.0  # it is just being made, or just gone
        return
    except OSError:  # a folder of somebody else's
        yield False
        return
    try:
        free = _locked(handle)
        try:  # between the look and the lock another may have taken the place
            same = os.path.samestat(os.fstat(handle), os.stat(folder / _LOCK))
        except OSError:
            same = False
        yield free and same
    finally:
        os.close(handle)
