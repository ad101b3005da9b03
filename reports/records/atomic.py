"""Files that a reader sees whole or not at all, and that a loss of power does not take back.

Assumed of the file system, local or network: a rename within a folder is atomic, and so is a hard link under a name
that is taken by nobody; where there are no hard links a rename takes their place. Nothing is locked.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

# what a file system says that knows no hard links, or does not let this user make them
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


def write_atomically(path: Path, data: bytes | memoryview) -> None:
    """Write data so that a reader sees either the old file or the whole new one."""
    with atomically(path) as file:
        file.write(data)


def write_once(path: Path, data: bytes | memoryview) -> bool:
    """Write data under a name that nobody has taken; False, with nothing changed, where a file is there already.

    Of several writers exactly one is told True, so that whoever reads the name ever reads the same bytes.

    >>> path = Path(tempfile.mkdtemp()) / "name"
    >>> write_once(path, b"first"), write_once(path, b"second"), path.read_bytes()
    (True, False, b'first')
    """
    try:
        with atomically(path, _link) as file:
            file.write(data)
    except FileExistsError:
        return False
    return True


@contextmanager
def atomically(path: Path, put: Callable[[str, Path], None] = os.replace) -> Iterator[BinaryIO]:
    """A file that takes its name when the block ends well, and leaves nothing behind when it does not.

    Its bytes are on the disk before `put` gives it the name, and the name is when the block has ended.
    """
    _folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        put(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    sync(path.parent)


def _link(temporary: str, path: Path) -> None:
    """Raises FileExistsError where the path is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        os.replace(temporary, path)


def _folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync(folder.parent)


def sync(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # pragma: no cover  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    except OSError as error:  # some network file systems refuse it; theirs is the server's word
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)
