"""What a study hands to the report: frames, figures drawn from them, sections, and one line that says it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from reports.figures.figure import Figure
from reports.figures.selection import column
from reports.records.sources import own_version
from reports.records.store import write_atomically
from reports.records.workers import Workers
from reports.sections import Section

FOLDER = "studies"


@dataclass(frozen=True)
class Context:
    """Where a study runs: the seed tree's root, the number of seeds asked for, workers, device and records.

    workers: None for a study that is only read off its records.
    own: the versions of a user's modules and files behind records that are only read; those that are here unless given.
    """

    root: int
    seeds: int
    workers: Workers | None
    device: str
    records: Path
    own: Mapping[str, str] | None = None

    def versions(self, names: Sequence[str]) -> dict[str, str]:
        """SHA-256 of modules (MODULE:NAME) and files of a user's."""
        return own_version(names) if self.own is None else {name: self.own.get(name, "") for name in names}


@dataclass(frozen=True)
class StudyResult:
    """A finished study.

    headline: its finding in one line. frames: what figures, tables and sentences are made from, stored as CSV.
    broken: predictions that were counted and found wrong; any makes the report end like a violated bound.
    """

    name: str
    headline: str
    frames: Mapping[str, pd.DataFrame]
    sections: Sequence[Section]
    figures: Sequence[Figure]
    records: Sequence[str]
    broken: Sequence[str] = field(default_factory=tuple)

    def write(self, out: Path) -> None:
        """Store every frame as OUT/studies/NAME/FRAME.csv."""
        for name, frame in self.frames.items():
            write_atomically(folder_of(out, self.name) / f"{name}.csv", frame.to_csv(index=False).encode())


def folder_of(out: Path, study: str) -> Path:
    """Where a study keeps its frames."""
    return out / FOLDER / study


def read_frames(out: Path, study: str) -> dict[str, pd.DataFrame]:
    """The frames that a report stored; empty without a study of that name. Numbers are as they were."""
    folder = folder_of(out, study)
    return {path.stem: _read(path) for path in sorted(folder.glob("*.csv"))}


def _read(path: Path) -> pd.DataFrame:
    texts = pd.read_csv(path, dtype=str)
    return pd.DataFrame({name: _typed(column(texts, name)) for name in texts.columns})


def _typed(texts: pd.Series) -> pd.Series:
    """A column of a CSV file as whole numbers, truths, numbers or texts; floats by Python's exact conversion."""
    known = texts.dropna()
    if len(known) == len(texts) and known.isin(["True", "False"]).all():
        return texts == "True"
    try:
        numbers = texts.map(float, na_action="ignore").astype("float64")
    except ValueError:
        return texts
    whole = len(known) == len(texts) and not known.str.contains(r"[.einf]").any()
    return numbers.astype("int64") if whole else numbers
