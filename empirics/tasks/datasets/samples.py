"""Labelled samples of a user's own: arrays, .npz, CSV with a column that names the agent, IDX images with labels."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from empirics.numerics.errors import InputError
from empirics.tasks.datasets.image_files import read_idx

_LABEL, _AGENT = "y", "agent"
_ARRAYS = ("x", _LABEL, _AGENT)


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples x (N, ...), their labels or targets y (N, ...), and who holds each, (N,), where that is known.

    Bytes (uint8) in x are pixels and become numbers between 0 and 1; other integers stay what they are. Labels that are
    texts become 0, 1, ... in the order of the alphabet; `labels` has what they were.

    Raises:
        InputError: arrays of different lengths, no sample, text or numbers that are not finite in x.

    >>> Samples(x=[[0.0], [1.0], [2.0]], y=["dog", "cat", "dog"], agent=["a", "b", "b"]).y.tolist()
    [1, 0, 1]
    """

    x: Any
    y: Any
    agent: Any = None
    labels: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        x, y = _numbers("x", np.asarray(self.x)), np.asarray(self.y)
        agent = None if self.agent is None else np.asarray(self.agent)
        for name, array in (("y", y), (_AGENT, agent)):
            if array is not None and len(np.atleast_1d(array)) != len(x):
                raise InputError(
                    f"{name} has {len(np.atleast_1d(array))} entries and x {len(x)}: expected equally many"
                )
        if not len(x):
            raise InputError("x has no samples: expected at least one")
        if agent is not None and (agent.ndim != 1 or agent.dtype.kind not in "iuSU"):
            raise InputError(f"agent has shape {agent.shape}, {agent.dtype}: expected one integer or name a sample")
        labels: np.ndarray = np.empty(0)
        if y.dtype.kind in "SU":
            labels, y = np.unique(y, return_inverse=True)
        elif y.dtype.kind in "iub":
            y = y.astype(np.int64)
            labels = np.unique(y) if y.ndim == 1 else labels
        else:
            y = _numbers(_LABEL, y)
        for name, value in (("x", x), (_LABEL, y), (_AGENT, agent), ("labels", tuple(labels.tolist()))):
            object.__setattr__(self, name, value)

    @property
    def classified(self) -> bool:
        """Whether y has one class label a sample, 0, 1, ..."""
        return self.y.ndim == 1 and self.y.dtype.kind == "i"


def read_samples(path: str | Path) -> Samples:
    r"""The samples in a local file, whose kind is told by its name and its first bytes.

    - `.npz`: arrays x (N, ...), y (N, ...) and, where it is known who holds what, agent (N,). Never unpickled.
    - `.csv`: a head line; the columns y and, optionally, agent; all others are features, in their order.
    - IDX (MNIST, EMNIST, Fashion-MNIST, ..., gzip-compressed or not): a file of images whose name has `images`; the
      labels are in the file beside it whose name has `labels` and `idx1` in place of `images` and `idx3`. x becomes
      (N, 1, rows, columns).

    Raises:
        InputError: no such file, a kind that is not read, or what is wrong in it, with line and column of a CSV.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mine.csv"
    ...     _ = file.write_text("agent,y,height,age\nann,1,1.5,30\nbob,0,1.75,41\n")
    ...     found = read_samples(file)
    >>> found.x.tolist(), found.y.tolist(), found.agent.tolist()
    ([[1.5, 30.0], [1.75, 41.0]], [1, 0], ['ann', 'bob'])
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; expected .npz, .csv or IDX images")
    try:
        return _reader(file)(file)
    except InputError as error:
        raise InputError(str(error) if str(error).startswith(str(file)) else f"{file}: {error}") from None


def _reader(file: Path) -> Callable[[Path], Samples]:
    if file.suffix == ".npz":
        return _npz
    if file.suffix == ".csv":
        return _csv
    if "images" in file.name:
        return _idx
    raise InputError(f"{file}: expected a name that ends in .npz or .csv, or has 'images' in it (IDX)")


def _npz(file: Path) -> Samples:
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"cannot be read as .npz: {error}") from None
    wrong = [name for name in arrays if name not in _ARRAYS]
    if wrong or not arrays.keys() >= {"x", _LABEL}:
        raise InputError(f"holds {', '.join(arrays) or 'nothing'}: expected x, y and, optionally, agent")
    return Samples(**arrays)


def _csv(file: Path) -> Samples:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            head, *rows = csv.reader(lines)
    except (ValueError, csv.Error) as error:  # ValueError: no line at all, or not UTF-8
        raise InputError(f"cannot be read as CSV with a head line: {error}") from None
    features = [name for name in head if name not in (_LABEL, _AGENT)]
    if _LABEL not in head or not features or len(set(head)) != len(head):
        raise InputError(f"has the columns {', '.join(head)}: expected y, features and, optionally, agent, each once")
    columns: dict[str, list[str]] = {name: [] for name in head}
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise InputError(f"line {number} has {len(row)} entries: expected {len(head)}, as the head line")
        for name, value in zip(head, row, strict=True):
            columns[name].append(value)
    x = np.array([_column(name, columns[name], numeric=True) for name in features]).T
    agent = _column(_AGENT, columns[_AGENT], numeric=False) if _AGENT in columns else None
    return Samples(x, _column(_LABEL, columns[_LABEL], numeric=None), agent)


def _column(name: str, texts: Sequence[str], *, numeric: bool | None) -> np.ndarray:
    """Entries as numbers, as texts or, for None, as integers, else as numbers, else as texts."""
    kinds: tuple[type, ...] = (float,) if numeric else (str,) if numeric is False else (int, float, str)
    for kind in kinds:
        try:
            return np.array([kind(text) for text in texts])
        except ValueError:
            continue
    line, text = next((number, text) for number, text in enumerate(texts, 2) if not _is_number(text))
    raise InputError(f"line {line}, column {name}: {text!r} is no number; columns other than y and agent are features")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _idx(file: Path) -> Samples:
    beside = file.with_name(file.name.replace("images", "labels").replace("idx3", "idx1"))
    images, labels = read_idx(file), read_idx(beside)
    return Samples(images[:, None], labels)


def _numbers(name: str, values: np.ndarray) -> np.ndarray:
    if values.ndim == 0 or values.dtype.kind not in "biuf":
        raise InputError(f"{name} has shape {values.shape}, {values.dtype}: expected numbers, samples on axis 0")
    if values.dtype == np.uint8:
        return values / 255.0
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise InputError(f"{name}{list(place)} = {values[place]}: expected finite numbers")
    return values
