"""The bytes of a record, written out after the format's description and not by the code that reads them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def record_path(out: Path, key: str) -> Path:
    """Where a report has the record of a key."""
    return out / "records" / key[:2] / f"{key}.npz"


def record_paths(out: Path) -> list[Path]:
    """All records of a report."""
    return sorted((out / "records").glob("??/*.npz"))


def forged(words: Any, arrays: Mapping[str, np.ndarray]) -> bytes:
    """An npz that begins with these words, or has none for None, and ends with the checksum of what is before it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if words is not None:
            archive.writestr("record.json", json.dumps(words))
        for name, value in arrays.items():
            file = io.BytesIO()
            np.save(file, value)
            archive.writestr(f"{name}.npy", file.getvalue())
        archive.comment = b"0" * 64
    data = buffer.getvalue()[:-64]
    return data + hashlib.sha256(data).hexdigest().encode()


def taken_apart(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Words and arrays of a record, nothing verified."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "record.json"}
        return json.loads(archive["record.json"]), arrays
