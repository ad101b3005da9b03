"""Bounds checked at one setting or over a grid: measured and judged as in a report, without a plan file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from reports.analyses.judged import judged_outcomes
from reports.analyses.sharpest import sharpest
from reports.judging.rows import Row, Verdict
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells
from reports.settings.asking import asked
from reports.settings.words import SettingError
from theory.claims.reading import ClaimError, read_claims

_SIDES = ("measured", "lower", "upper", "predicted")
_REST = ("trivial", "tightness", "verdict", "row_id")


@dataclass(frozen=True)
class Checked(Sequence[Row]):
    """Verdict rows in the order asked for, each with its place in the grid and the sharpest known bound beside it.

    varied: the keys that have several values. places: by row id, the value of each of them. sharpest: by row id, the
    row of the smallest applicable right side on the same left side. silent: what was asked for and gave no row.
    instead: the bounds that gave one then, such as the case of T1 that the setting is.
    """

    rows: tuple[Row, ...]
    varied: tuple[str, ...]
    places: Mapping[str, Mapping[str, Any]]
    sharpest: Mapping[str, Row]
    silent: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    def __getitem__(self, index: Any) -> Any:
        """The row at a place, or the rows of a slice."""
        return self.rows[index]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def exit_status(self) -> int:
        """1 where an applicable bound is violated, else 0, as of `reports.build`."""
        return int(any(row.verdict is Verdict.VIOLATED for row in self.rows))

    def frame(self) -> pd.DataFrame:
        """One line a row: the varied keys, both sides, the sharpest known bound, the trivial one, and the verdict."""
        return pd.DataFrame([self._line(row) for row in self.rows])

    def _line(self, row: Row) -> dict[str, Any]:
        best = self.sharpest.get(row.row_id)
        return {
            **self.places[row.row_id],
            "bound": row.bound,
            "quantity": row.quantity,
            **{name: getattr(row, name) for name in _SIDES},
            "sharpest": None if best is None else best.predicted,
            "sharpest_by": None if best is None else titled(best),
            **{name: getattr(row, name) for name in _REST},
        }

    def _repr_html_(self) -> str:
        """The table, in a notebook."""
        return self.frame().drop(columns="row_id").to_html(index=False, float_format="{:.6g}".format, na_rep="")


def titled(row: Row) -> str:
    """The bound of a row, and its quantity where that has another name."""
    return row.bound if row.quantity == row.bound else f"{row.bound} ({row.quantity})"


def check_setting(
    bounds: str | Sequence[str],
    *,
    claims: Sequence[str | Path] = (),
    out: str | Path | None = None,
    seed: int = 0,
    progress: bool = False,
    **words: Any,
) -> Checked:
    """Verdict rows of some bounds at one setting, in the words of `python -m reports.check`.

    bounds: IDs, comma-separated or listed: statements, claims of the files `claims`, or MODULE:NAME. words: `task`, a
    packaged plan's task, a factory or MODULE:NAME, `**{"task.n": 8}` for an argument of it, and the keys of a plan's
    cell; a key with several values makes a grid. out: a folder whose records are used and added to. progress: show on a
    terminal what is being done, for how long, and how many cells are done.

    >>> bowl = dict(task="witness-bowl", alpha="1/2", nu=0, start=1)      # F = w^2/2 from w_0 = 1
    >>> (row,) = check_setting("T2", mode="exact", tau=1, beta=1, rounds=2, **bowl)      # w_1 = 0: (1^2 + 0^2) / 2
    >>> round(row.measured, 12), row.predicted, str(row.verdict)
    (0.5, 0.5, 'HOLDS')

    Raises:
        SettingError: an unknown bound, key or task, a value out of range, one that is needed and not given, or points
            about which a task's constants do not hold.
    """
    names = [one.strip() for one in (bounds.split(",") if isinstance(bounds, str) else bounds) if one.strip()]
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise SettingError(f"seed = {seed}: expected an integer >= 0, the root of the seed tree")
    with _records(out) as folder, _bars(progress) as bars:
        bar = bars.add_task("looking at what is asked", total=None)
        try:
            what = asked(names, words, read_claims(list(claims)))
        except ClaimError as error:
            raise SettingError(str(error)) from None
        work = seeded_cells(what.plan, seed=seed, seeds=1, device="cpu")
        bars.update(bar, description="measuring", total=len(work))
        outcomes = []
        for cell in work:
            outcomes.append(execute(cell, folder))
            bars.advance(bar)
    judged = judged_outcomes(what.plan, what.claims, outcomes)
    by_id = {row.row_id: row for row in judged.rows}
    groups = [outcome.measurements for outcome in judged.outcomes]
    places = {
        one.row_id: {key: getattr(seeded.cell, key, None) for key in what.varied}
        for seeded, group in zip(work, groups, strict=True)
        for one in group
    }
    wanted = dict.fromkeys(bound for bounds in what.bounds.values() for bound in bounds)
    rows = tuple(by_id[row_id] for bound in wanted for row_id in places if by_id[row_id].bound == bound)
    silent = tuple(name for name, mine in what.bounds.items() if not {row.bound for row in rows} & set(mine))
    best = sharpest(groups, by_id, what.plan.own_statements)
    instead = tuple(sorted({by_id[row_id].bound for row_id in places})) if silent else ()
    return Checked(rows, what.varied, places, best, silent, instead)


def _bars(progress: bool) -> Progress:
    """What is being done, on a terminal that asks for it."""
    console = Console(stderr=True)
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console, transient=True, disable=not (progress and console.is_terminal))


@contextmanager
def _records(out: str | Path | None) -> Iterator[Path]:
    """The folder that records are kept in: OUT/records, or one that is gone afterwards."""
    if out is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    folder = Path(out) / "records"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(f"--out {out}: {error.strerror}; choose another") from None
    yield folder
