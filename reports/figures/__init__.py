"""Figures: from rows to a data frame, from the data frame to a drawing; nothing is run again to redraw them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.analyses.suite_file import SuiteFile
from reports.figures.batches import batch_figure
from reports.figures.exponents import exponent_figure
from reports.figures.figure import Figure, MissingDataError
from reports.figures.inline import inline_svg, share_outlines
from reports.figures.output import image, write_figures
from reports.figures.overview import tightness_figure
from reports.figures.planted import planted_figure
from reports.figures.probes import probe_figure
from reports.figures.rounds import gap_figure, squared_gradient_figure
from reports.figures.slack import slack_figure
from reports.figures.smoothness import smoothness_figure
from reports.figures.spread import spread_figure
from reports.judging.rows import Row
from reports.records.curves import curves_frame

__all__ = [
    "CURVE_COLUMNS", "Figure", "MissingDataError", "Skipped", "all_figures", "image", "inline_svg", "read_curves",
    "share_outlines", "sorted_figures", "write_figures",
]  # fmt: skip

CURVE_COLUMNS = tuple(curves_frame([]).columns)
_TEXTS = ("task", "mode", "row_id_T2", "row_id_T3")
_WHOLE = ("nu", "tau", "m", "n", "k")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Skipped:
    """A figure whose data the report does not hold: why, and the plan that makes them, as the command takes it."""

    name: str
    reason: str
    plan: str
    option: str = "--profile"

    def __str__(self) -> str:
        """One line for a reader."""
        return f"figure {self.name} skipped: {self.reason}; python -m reports.build {self.option} {self.plan} makes it"


def all_figures(rows: Sequence[Row], curves: pd.DataFrame, suite: SuiteFile | None = None) -> list[Figure]:
    """Every figure whose data are there, in page order; one that lacks data is skipped with a logged line.

    curves: one line per run and round with the columns CURVE_COLUMNS (NaN where a value does not exist); it may be
    empty. suite: what the suite found out about its own bounds. Raises ValueError naming the columns it lacks.

    >>> all_figures([], pd.DataFrame(columns=CURVE_COLUMNS))
    []
    """
    figures, skipped = sorted_figures(rows, curves, suite)
    for figure in skipped:
        _log.info("%s", figure)
    return figures


def sorted_figures(
    rows: Sequence[Row], curves: pd.DataFrame, suite: SuiteFile | None = None
) -> tuple[list[Figure], list[Skipped]]:
    """The figures that can be drawn, and those that cannot; arguments as of all_figures."""
    suite = suite or SuiteFile()
    lacking = sorted(set(CURVE_COLUMNS) - set(curves.columns))
    if lacking:
        raise ValueError(f"curves: columns {', '.join(lacking)} are missing; expected {', '.join(CURVE_COLUMNS)}")
    # name -> the smallest packaged plan that makes its data, and how it is made from them
    makers: dict[str, tuple[str, Callable[[], Figure]]] = {
        "tightness": ("quick", lambda: tightness_figure(rows)),
        "rounds": ("quick", lambda: squared_gradient_figure(rows, curves)),
        "gap": ("quick", lambda: gap_figure(rows, curves)),
        "smoothness": ("quick", lambda: smoothness_figure(rows)),
        "spread": ("quick", lambda: spread_figure(rows)),
        "bias_batch": ("standard", lambda: batch_figure(rows)),
        "hessian_free": ("standard", lambda: probe_figure(rows)),
        "slack": ("quick", lambda: slack_figure(suite.slack)),
        "slopes": ("quick", lambda: exponent_figure(suite.exponents)),
        "planted": ("quick", lambda: planted_figure(suite.planted)),
    }
    figures, skipped = [], []
    for name, (plan, make) in makers.items():
        try:
            figures.append(make())
        except MissingDataError as missing:
            skipped.append(Skipped(name, str(missing), plan))
    return figures, skipped


def read_curves(path: Path) -> pd.DataFrame:
    """The curves that a report stores as CSV, every number as it was; without such a file, no curves."""
    if not path.is_file():
        return curves_frame([])
    texts = pd.read_csv(path, dtype=str)
    return texts.astype({name: "float64" for name in texts.columns if name not in _TEXTS}).astype(
        {name: "int64" for name in _WHOLE if name in texts.columns}
    )
