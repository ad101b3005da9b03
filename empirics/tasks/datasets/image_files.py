"""Image sets from local files in their published formats: IDX (MNIST, EMNIST) and the binary version of CIFAR-10."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from empirics.numerics.errors import InputError

_GZIP = b"\x1f\x8b"
# The third byte of an IDX file: the type of its entries, most significant byte first.
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CIFAR_SHAPE = (3, 32, 32)


def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file, gzip-compressed or not: its own type, shape as the header says.

    Args:
        path: for example emnist-balanced-train-images-idx3-ubyte.gz. EMNIST's images are stored transposed, as
            published; `read_emnist` turns them.

    Raises:
        InputError: no such file, not IDX, or a length that does not fit the header; it names the file.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "labels"
    ...     _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]))
    ...     read_idx(file).tolist()
    [7, 0, 9]
    """
    content = _bytes(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _IDX_TYPES:
        raise InputError(
            f"{path} begins with {content[:4].hex(' ') or 'nothing'}: expected an IDX file, 00 00, a type "
            f"({', '.join(f'{kind:02x}' for kind in _IDX_TYPES)}) and the number of axes"
        )
    kind, axes = np.dtype(_IDX_TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if axes == 0 or len(content) < start:
        raise InputError(f"{path} has {len(content)} bytes: expected at least {start} for the lengths of {axes} axes")
    shape = tuple(int(length) for length in np.frombuffer(content, ">u4", axes, 4))
    expected = start + math.prod(shape) * kind.itemsize
    if len(content) != expected:
        raise InputError(f"{path} has {len(content)} bytes: expected {expected} for {kind.name} of shape {shape}")
    values = np.frombuffer(content, kind, offset=start).reshape(shape)
    return values.astype(kind.newbyteorder("="))


def read_emnist(images: str | Path, labels: str | Path, *, transposed: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (samples, 1, rows, columns) between 0 and 1, and labels (samples,), from two IDX files.

    `transposed`: whether rows and columns are exchanged in the file, as in all of EMNIST's; False for MNIST.

    Raises:
        InputError: a file that is not of this kind, or different numbers of images and labels.
    """
    pixels, classes = read_idx(images), read_idx(labels)
    if pixels.ndim != 3 or pixels.dtype != np.uint8:
        raise InputError(
            f"{images} holds {pixels.dtype} of shape {pixels.shape}: expected bytes (samples, rows, columns)"
        )
    if classes.ndim != 1 or classes.dtype.kind not in "iu":
        raise InputError(f"{labels} holds {classes.dtype} of shape {classes.shape}: expected integers (samples,)")
    if len(pixels) != len(classes):
        raise InputError(f"{images} has {len(pixels)} images, {labels} {len(classes)} labels: expected equally many")
    turned = pixels.transpose(0, 2, 1) if transposed else pixels
    return turned[:, None] / 255.0, classes.astype(np.int64)


def read_cifar10(paths: str | Path | Sequence[str | Path]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (samples, 3, 32, 32) between 0 and 1, and labels (samples,), from CIFAR-10's binary version.

    Only that version (cifar-10-binary.tar.gz: data_batch_1.bin, ..., test_batch.bin) is read: the Python version is
    pickled, and to unpickle a file is to run it.

    Args:
        paths: one file or several, in the order wanted. A record is a label byte 0 to 9 and 3072 pixel bytes: red,
            green, blue planes, each row by row.

    Raises:
        InputError: no such file, a pickle, a length that is no multiple of 3073, or a label above 9.
    """
    files = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not files:
        raise InputError("paths is empty: expected at least one file")
    records = np.concatenate([_cifar_records(path) for path in files])
    return records[:, 1:].reshape(-1, *_CIFAR_SHAPE) / 255.0, records[:, 0].astype(np.int64)


def _cifar_records(path: str | Path) -> np.ndarray:
    content, record = _bytes(path), 1 + math.prod(_CIFAR_SHAPE)
    if content[:1] == b"\x80" and len(content) % record:
        raise InputError(f"{path} is a pickle: expected the binary version of CIFAR-10, such as data_batch_1.bin")
    if not content or len(content) % record:
        raise InputError(
            f"{path} has {len(content)} bytes: expected a multiple of {record}, a label and 3x32x32 pixels"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, record)
    wrong = np.flatnonzero(records[:, 0] > 9)
    if len(wrong):
        place = int(wrong[0])
        raise InputError(f"{path}: record {place} has label {records[place, 0]}: expected 0 to 9")
    return records


def _bytes(path: str | Path) -> bytes:
    """The file's content, uncompressed."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file} is no file: expected a local path to a downloaded file")
    content = file.read_bytes()
    if content[:2] != _GZIP:
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{file} begins as gzip but cannot be uncompressed ({error}): expected a whole file") from None
