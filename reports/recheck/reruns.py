"""Cells of a finished report run again, and every array compared bit for bit with the stored one."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reports.records.execution import execute
from reports.records.seeded_cell import SeededCell
from reports.records.store import Record, Store, record_key
from reports.records.workers import Call


def chosen(work: Sequence[SeededCell], count: int | None, seed: int) -> list[SeededCell]:
    """So many of the cells, by a seed; all of them for None or where there are fewer.

    >>> len(chosen([], 3, seed=1))
    0
    """
    return list(work) if count is None else random.Random(seed).sample(list(work), min(count, len(work)))


def rerun_calls(cells: Sequence[SeededCell], folder: Path) -> list[Call]:
    """One call a cell, each of which gives lines: what is not as the record in the folder says."""
    return [Call(_rerun, (one, folder)) for one in cells]


def _rerun(seeded: SeededCell, folder: Path) -> list[str]:
    key = record_key(seeded.description())
    try:
        stored = Store(folder).read(key)
        with tempfile.TemporaryDirectory() as place:
            execute(seeded, Path(place), stored.facts)
            again = Store(Path(place)).read(key)
    except Exception as error:  # a damaged record, or a backend or device that is not here
        return [f"record {key}: cannot be run again here: {type(error).__name__}: {error}".splitlines()[0]]
    return _changes(stored, again)


def _changes(stored: Record, again: Record) -> list[str]:
    names = sorted(
        name
        for name in {*stored.arrays, *again.arrays}
        if name not in stored.arrays or name not in again.arrays or not _same(stored.arrays[name], again.arrays[name])
    )
    facts = [] if stored.facts == again.facts else ["its facts"]
    return [f"record {again.key}: {what} is another when it is run again" for what in (*facts, *names)]


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
