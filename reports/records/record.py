"""One record and its bytes: an npz of the arrays that begins with the words and ends with its own checksum.

The file is a plain zip archive, which `numpy.load` opens. Its first member, record.json, holds format, cell and facts;
its comment is the SHA-256 of all bytes before it, so that no bit of the file can change unnoticed. The key is the
SHA-256 of the cell description, which has the version of the code in it: a record is found again exactly when the same
thing would be run again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

FORMAT = 2
_WORDS = "record.json"
_DIGEST = 64  # hexadecimal digits of a SHA-256
_LOCAL = struct.Struct("<4s5H3I2H")  # what a zip archive has before the name of a member
_HEAD = 4096  # bytes: more than the words of nearly all records
LINK = "a link that leads nowhere stands in its place"


class DamagedRecordError(ValueError):
    """A file that is not the record it is named for: one line with its key and what is wrong."""

    def __init__(self, key: str, why: str) -> None:
        self.key, self.why = key, why
        super().__init__(f"record {key}: {why}")


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
    return hashlib.sha256(_canonical({"format": FORMAT, "cell": cell})).hexdigest()


def packed(cell: Mapping[str, Any], facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> memoryview:
    """The bytes of a record: equal ones for equal contents. Raises ValueError for a number that JSON does not have."""
    buffer = io.BytesIO()
    # float64 iterates hardly shrink, and compressing them took longer than many a cell
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(_member(_WORDS), _canonical({"format": FORMAT, "cell": cell, "facts": facts}))
        for name, value in arrays.items():
            with archive.open(_member(f"{name}.npy"), "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(value), allow_pickle=False)
        archive.comment = b"0" * _DIGEST
    data = buffer.getbuffer()
    data[-_DIGEST:] = _digest(data)
    return data


def unpacked(key: str, data: bytes) -> Record:
    """The record in these bytes. Raises DamagedRecordError where they are not those of a record with that key."""
    if not data:
        raise DamagedRecordError(key, "its file is empty")
    view = memoryview(data)
    if len(data) < _DIGEST or bytes(view[-_DIGEST:]) != _digest(view):
        raise DamagedRecordError(key, "its file was cut off or changed after it was stored, or is no record")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            words = archive[_WORDS]
            arrays = {name: archive[name] for name in archive.files if name != _WORDS}
    except Exception as error:  # whatever an archive holds that was not packed here
        raise DamagedRecordError(key, f"its file cannot be read: {error}".splitlines()[0]) from None
    body = _body(key, words)
    if (found := record_key(body["cell"])) != key:
        raise DamagedRecordError(key, f"its file holds record {found[:12]}, another cell's")
    return Record(key, body["cell"], body["facts"], arrays)


def described(key: str, path: str | Path) -> dict[str, Any]:
    """Format, cell and facts that stand at the beginning of a file, which takes microseconds.

    Neither what is behind them is seen, nor whether they are those of the key. Raises DamagedRecordError where they
    cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        if os.path.islink(path):
            raise DamagedRecordError(key, LINK) from None
        raise
    try:
        head = os.read(handle, _HEAD)
        if len(head) < _LOCAL.size:
            raise DamagedRecordError(key, "its file is cut off" if head else "its file is empty")
        magic, *_, checksum, _, size, name, extra = _LOCAL.unpack_from(head)
        start = _LOCAL.size + name + extra
        if magic != b"PK\x03\x04" or head[_LOCAL.size : _LOCAL.size + name] != _WORDS.encode():
            raise DamagedRecordError(key, "its file is no record")
        text = head[start : start + size]
        if len(text) < size <= os.fstat(handle).st_size:  # a changed size may be anything
            text += os.read(handle, size - len(text))
    except IsADirectoryError:
        raise DamagedRecordError(key, "a folder stands in its place") from None
    finally:
        os.close(handle)
    if zlib.crc32(text) != checksum:
        raise DamagedRecordError(key, "its words were cut off or changed after they were stored")
    return _body(key, text, from_json)


def _body(key: str, text: bytes, parse: Callable[[bytes], Any] = json.loads) -> dict[str, Any]:
    """The words of a record; parse: what reads JSON, of which a listing wants a quick one."""
    try:
        body = parse(text)
    except (ValueError, RecursionError) as error:
        raise DamagedRecordError(key, f"its words cannot be read: {error}".splitlines()[0]) from None
    if not (isinstance(body, dict) and isinstance(body.get("cell"), dict) and isinstance(body.get("facts"), dict)):
        raise DamagedRecordError(key, "its words are not those of a record")
    if body.get("format") != FORMAT:
        raise DamagedRecordError(key, f"is of format {body.get('format')!r:.20}; this version reads format {FORMAT}")
    return body


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _digest(data: memoryview) -> bytes:
    """The checksum of a record's bytes but the last ones, where it stands itself."""
    return hashlib.sha256(data[:-_DIGEST]).hexdigest().encode()


def _member(name: str) -> zipfile.ZipInfo:
    """A member of the archive without a date, and the same on every system."""
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    return info
