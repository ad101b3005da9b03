"""Figures: from rows to a data frame, from the data frame to a drawing; nothing is run again to redraw them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import pandas as pd

from reports.figures.batches import batch_figure
from reports.figures.figure import Figure, MissingDataError
from reports.figures.output import image, inline_svg, write_figures
from reports.figures.overview import tightness_figure
from reports.figures.probes import probe_figure
from reports.figures.rounds import gap_figure, squared_gradient_figure
from reports.figures.smoothness import smoothness_figure
from reports.rows import Row

__all__ = ["CURVE_COLUMNS", "Figure", "MissingDataError", "all_figures", "image", "inline_svg", "write_figures"]

CURVE_COLUMNS = (
    "task", "mode", "nu", "tau", "m", "n", "k",
    *(f"{left}{end}" for left in ("squared_gradient", "gap") for end in ("", "_lower", "_upper", "_bound", "_floor")),
    "row_id_T2", "row_id_T3",
)  # fmt: skip

_log = logging.getLogger(__name__)


def all_figures(rows: Sequence[Row], curves: pd.DataFrame) -> list[Figure]:
    """Every figure whose data are there, in page order; one that lacks data is skipped with a logged line.

    curves: one line per run and round with the columns CURVE_COLUMNS (NaN where a value does not exist); it may be
    empty. Raises ValueError naming the columns it lacks.

    >>> all_figures([], pd.DataFrame(columns=CURVE_COLUMNS))
    []
    """
    lacking = sorted(set(CURVE_COLUMNS) - set(curves.columns))
    if lacking:
        raise ValueError(f"curves: columns {', '.join(lacking)} are missing; expected {', '.join(CURVE_COLUMNS)}")
    makers: dict[str, Callable[[], Figure]] = {
        "tightness": lambda: tightness_figure(rows),
        "rounds": lambda: squared_gradient_figure(rows, curves),
        "gap": lambda: gap_figure(rows, curves),
        "smoothness": lambda: smoothness_figure(rows),
        "bias_batch": lambda: batch_figure(rows),
        "hessian_free": lambda: probe_figure(rows),
    }
    figures = []
    for name, make in makers.items():
        try:
            figures.append(make())
        except MissingDataError as missing:
            _log.info("figure %s skipped: %s", name, missing)
    return figures
