"""The spread of the meta-gradients over the agents against the number of fine-tuning steps (S7)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from reports.figures.by_steps import longest, place, steps_frame
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import axis_label, short, symbol
from reports.figures.looks import FAINT, MEASURED, PREDICTED, PUBLISHED, WITNESS
from reports.figures.panels import common_legend, log_limits, panel_grid
from reports.figures.selection import known, lines, only, positive, values
from reports.figures.style import TEXT, beside, canvas, styled
from reports.figures.thinning import apart
from reports.judging.rows import Row

_TASKS_SHOWN = 2
_LEAST = 1.6  # inches that a panel needs
_CELLS = 60  # of the panel of all rows, each way: points of one cell cover each other
_STEPS = 1  # of the panel against heterogeneity: the rows of one number of fine-tuning steps are comparable
_POINTS = {
    "task": MEASURED.points(markersize=2.8),
    "witness": WITNESS.points(markersize=2.8, label="measured on a witness"),
}


def spread_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per task, step and nu: the bound gamma_F, the largest spread found, and the losses' own spread.

    published is the square root of Per-FedAvg's bound on the squared spread (nu = 1). gamma_G is the spread of the
    agents' gradients that the row's inputs state. Panels and settings are those of `steps_frame`.
    """
    published = {place(row): row.predicted**0.5 for row in rows if row.bound == "per_fedavg.gamma_F2" and row.predicted}
    frame = steps_frame(
        rows, "S7", "gamma_F", lambda row: {"published": published.get(place(row)), "gamma_G": _gamma_G(row)}
    )
    if frame.empty:
        raise MissingDataError("no row of S7 with a measured spread")
    return frame


def _gamma_G(row: Row) -> float | None:
    return float(Fraction(row.inputs["gamma_G"])) if "gamma_G" in row.inputs else None


def spread_figure(rows: Sequence[Row]) -> Figure:
    """Figure `spread`: against steps, against the heterogeneity of the losses, and measured against predicted.

    Raises MissingDataError without a row of S7 that has both sides.
    """
    frame = spread_frame(rows)
    shown = longest(frame, _TASKS_SHOWN, fewest_steps=2)
    caption = (
        "First panels: against the number of fine-tuning steps, the right side of S7 (squares), the largest spread "
        "found (dots) and the square root of Per-FedAvg's published bound at one step (triangles). Last but one: the "
        f"same against the heterogeneity $\\gamma_G$ of the losses themselves, one pair a task at $\\nu = {_STEPS}$. "
        "Last panel: every row, measured against predicted; on the diagonal the bound is attained."
    )
    seen = _apart(frame)
    if len(seen) < (count := len(positive(frame, "predicted", "measured"))):
        caption += f" Of {count} points {len(seen)} are drawn, the extremes among them: the others lie under these."
    witness, tasks = only(frame, panel="witness"), only(frame, panel="task")
    if len(tasks):
        caption += f" On the tasks the measured value is ${_range(values(tasks, 'tightness'))}$ of the predicted one"
        caption += f", on the witnesses ${_range(values(witness, 'tightness'))}$." if len(witness) else "."
    below = "all on or below" if (values(frame, "measured") <= values(frame, "predicted")).all() else "not all below"
    alt = f"{len(shown) + 2} panels, logarithmic axes. " + " ".join(_describe(task, group) for task, group in shown)
    alt += " ".join(["", *(_pair(line) for line in lines(_heterogeneity(frame)))])
    alt += f" Last panel: {len(frame)} points, {below} the diagonal."
    title = "Spread of the meta-gradients over the agents"
    return Figure("spread", title, caption, alt, frame, draw_spread, ("S7", "per_fedavg.gamma_F2"))


def _range(ratios: np.ndarray) -> str:
    low, high = short(ratios.min()), short(ratios.max())
    return low if low == high else rf"{low}$ to ${high}"


def _describe(task: str, group: pd.DataFrame) -> str:
    first, last = lines(group)[0], lines(group)[-1]
    sides = (f"{side} {short(first[side])} to {short(last[side])}" for side in ("predicted", "measured"))
    return f"{task}: steps {first['nu']} to {last['nu']}, {', '.join(sides)}."


def _heterogeneity(frame: pd.DataFrame) -> pd.DataFrame:
    """One line a task at _STEPS fine-tuning steps, by rising heterogeneity; of several steps alpha the first."""
    mine = positive(only(frame, panel="task", nu=_STEPS), "gamma_G")
    return mine.sort_values(["gamma_G", "task"], kind="stable").drop_duplicates("task")


def _pair(line: dict) -> str:
    return (
        f"{line['task']}, heterogeneity {short(line['gamma_G'])}: predicted {short(line['predicted'])}, measured "
        f"{short(line['measured'])}."
    )


@styled
def draw_spread(frame: pd.DataFrame) -> Drawing:
    """One panel per task of `spread_frame`, one against heterogeneity, and one of measured against predicted."""
    shown = longest(frame, _TASKS_SHOWN, fewest_steps=2)
    count = len(shown) + 2
    columns = beside(count, _LEAST)
    drawing = canvas(TEXT, 0.35 + 2.1 * -(-count // columns))
    grid = panel_grid(drawing, count, columns)
    for axes, (task, group) in zip(grid, shown, strict=False):
        _task_panel(axes, group)
        axes.set_title(f"{task}, $\\alpha={short(group['alpha'].iloc[0])}$", pad=4)
        axes.set_xlabel(axis_label("steps", "nu"))
    _heterogeneity_panel(grid[-2], _heterogeneity(frame))
    _all_panel(grid[-1], frame)
    for axes in grid[::columns]:
        axes.set_ylabel(axis_label("", "gamma_F"))
    common_legend(drawing)
    return drawing


def _task_panel(axes: Axes, group: pd.DataFrame) -> None:
    """Draw into `axes` the spread on one task against the steps."""
    axes.plot(group["nu"], group["predicted"], **PREDICTED.keywords())
    axes.plot(group["nu"], group["measured"], **MEASURED.keywords())
    published = known(group, "published")
    if len(published):
        axes.plot(published["nu"], published["published"], **PUBLISHED.points(label="published (Per-FedAvg)"))
    log_limits(axes, *(group[column] for column in ("predicted", "measured", "published")))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _heterogeneity_panel(axes: Axes, pairs: pd.DataFrame) -> None:
    """Draw into `axes` a pair of points a task, joined, against the heterogeneity of its losses."""
    for line in lines(pairs):
        axes.plot([line["gamma_G"]] * 2, [line["measured"], line["predicted"]], color=FAINT, linewidth=0.5, zorder=0)
    axes.plot(pairs["gamma_G"], pairs["predicted"], **PREDICTED.points())
    axes.plot(pairs["gamma_G"], pairs["measured"], **MEASURED.points())
    if len(pairs):
        axes.set_xscale("log")
        log_limits(axes, pairs["predicted"], pairs["measured"])
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(axis_label("", "gamma_G"))
    axes.set_title(f"tasks, $\\nu={_STEPS}$", pad=4)


def _apart(frame: pd.DataFrame) -> pd.DataFrame:
    """The lines that have a place on logarithmic axes, without those whose points lie under others."""
    return apart(positive(frame, "predicted", "measured"), "predicted", "measured", _CELLS)


def _all_panel(axes: Axes, frame: pd.DataFrame) -> None:
    """Draw into `axes` every line, measured against predicted, and the diagonal on which a bound is attained."""
    shown = _apart(frame)
    for panel, keywords in _POINTS.items():
        mine = only(shown, panel=panel)
        if len(mine):
            axes.plot(mine["predicted"], mine["measured"], **keywords)
    if len(shown):
        ends = [shown["predicted"].min(), shown["predicted"].max()]
        axes.plot(ends, ends, color=PREDICTED.color, linewidth=0.8)
        log_limits(axes, shown["measured"], shown["predicted"])
        axes.set_xscale("log")
    axes.set_xlabel(f"predicted {symbol('gamma_F')}")
    axes.set_title("all rows", pad=4)
