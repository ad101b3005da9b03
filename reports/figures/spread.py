"""The spread of the meta-gradients over the agents against the number of fine-tuning steps (S7)."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from reports.figures.figure import Figure, MissingDataError
from reports.figures.smoothness import WITNESS_PREFIX
from reports.figures.style import (
    FAINT,
    MEASURED,
    PREDICTED,
    PUBLISHED,
    TEXT,
    WITNESS,
    axis_label,
    canvas,
    legend_above,
    log_limits,
    short,
    styled,
    symbol,
    unit,
)
from reports.judging.rows import Row

_TASKS_SHOWN = 2
_STEPS = 1  # of the panel against heterogeneity: the rows of one number of fine-tuning steps are comparable
_POINT_LOOKS = {"task": MEASURED, "witness": WITNESS}


def spread_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per task, step and nu: the bound gamma_F, the largest spread found, and the losses' own spread.

    published is the square root of Per-FedAvg's bound on the squared spread (nu = 1). gamma_G is the spread of the
    agents' gradients that the row's inputs state. Tasks named witness-* have panel 'witness'. Of equal settings the row
    with the largest measured value is kept.
    """
    mine = [
        row
        for row in rows
        if row.bound == "S7" and row.quantity == "gamma_F" and row.predicted is not None and row.measured is not None
    ]
    if not mine:
        raise MissingDataError("no row of S7 with a measured spread")
    published = {_place(row): row.predicted for row in rows if row.bound == "per_fedavg.gamma_F2" and row.predicted}
    lines = [
        {
            "task": row.task,
            "panel": "witness" if row.task.startswith(WITNESS_PREFIX) else "task",
            "alpha": row.alpha,
            "nu": row.nu,
            "gamma_G": _gamma_G(row),
            "predicted": row.predicted,
            "measured": row.measured,
            "published": published[_place(row)] ** 0.5 if _place(row) in published else None,
            "tightness": row.tightness,
            "row_id": row.row_id,
        }
        for row in mine
    ]
    numbers = dict.fromkeys(("gamma_G", "published", "tightness"), "float64")
    frame = pd.DataFrame(lines).astype(numbers).sort_values(["panel", "task", "alpha", "nu", "measured"], kind="stable")
    return frame.drop_duplicates(["task", "alpha", "nu"], keep="last").reset_index(drop=True)


def _place(row: Row) -> tuple[str, float, int]:
    return row.task, row.alpha, row.nu


def _gamma_G(row: Row) -> float | None:
    return float(Fraction(row.inputs["gamma_G"])) if "gamma_G" in row.inputs else None


def spread_figure(rows: Sequence[Row]) -> Figure:
    """Figure `spread`."""
    frame = spread_frame(rows)
    groups = _groups(frame)
    caption = (
        "Left panels: against the number of fine-tuning steps, the right side of S7 (blue squares), the largest spread "
        "found (black dots) and the square root of Per-FedAvg's published bound at one step. Third panel: the same "
        f"against the heterogeneity $\\gamma_G$ of the losses themselves, one pair a task at $\\nu = {_STEPS}$. Last "
        "panel: every row, measured against predicted; on the diagonal the bound is attained."
    )
    witness = frame[frame["panel"] == "witness"]
    tasks = frame[frame["panel"] == "task"]
    if len(tasks):
        caption += f" On the tasks the measured value is ${_range(tasks['tightness'])}$ of the predicted one"
        caption += f", on the witnesses ${_range(witness['tightness'])}$." if len(witness) else "."
    below = "all on or below" if (frame["measured"] <= frame["predicted"]).all() else "not all below"
    alt = f"{len(groups) + 2} panels, logarithmic axes. " + " ".join(_describe(task, group) for task, group in groups)
    alt += " ".join(["", *(_pair(line) for line in _heterogeneity(frame).to_dict("records"))])
    alt += f" Last panel: {len(frame)} points, {below} the diagonal."
    title = "Spread of the meta-gradients over the agents"
    return Figure("spread", title, caption, alt, frame, draw_spread, ("S7", "per_fedavg.gamma_F2"))


def _range(ratios: pd.Series) -> str:
    low, high = short(float(ratios.min())), short(float(ratios.max()))
    return low if low == high else rf"{low}$ to ${high}"


def _describe(task: str, group: pd.DataFrame) -> str:
    return (
        f"{task}: steps {group['nu'].min()} to {group['nu'].max()}, predicted {short(group['predicted'].iloc[0])} to "
        f"{short(group['predicted'].iloc[-1])}, measured {short(group['measured'].iloc[0])} to "
        f"{short(group['measured'].iloc[-1])}."
    )


def _heterogeneity(frame: pd.DataFrame) -> pd.DataFrame:
    """One line a task at _STEPS fine-tuning steps, by rising heterogeneity; of several steps alpha the first."""
    mine = frame[(frame["panel"] == "task") & (frame["nu"] == _STEPS) & (frame["gamma_G"] > 0)]
    return mine.sort_values(["gamma_G", "task"], kind="stable").drop_duplicates("task")


def _pair(line: dict) -> str:
    return (
        f"{line['task']}, heterogeneity {short(line['gamma_G'])}: predicted {short(line['predicted'])}, measured "
        f"{short(line['measured'])}."
    )


def _groups(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The tasks with most values of nu, one step size each."""
    tasks = frame[frame["panel"] == "task"]
    runs = [(str(task), group.sort_values("nu")) for (task, _), group in tasks.groupby(["task", "alpha"], sort=True)]
    runs.sort(key=lambda run: (-run[1]["nu"].nunique(), run[0]))
    chosen: dict[str, pd.DataFrame] = {}
    for task, group in runs:
        if len(chosen) < _TASKS_SHOWN and group["nu"].nunique() > 1:
            chosen.setdefault(task, group)
    return list(chosen.items())


@styled
def draw_spread(frame: pd.DataFrame) -> Drawing:
    """One panel per task of `spread_frame`, one against heterogeneity, and one of measured against predicted."""
    groups = _groups(frame)
    drawing = canvas(TEXT, 2.45)
    grid = drawing.subplots(1, len(groups) + 2, squeeze=False)[0]
    for axes, (task, group) in zip(grid, groups, strict=False):
        _task_panel(axes, group)
        axes.set_title(f"{task}, $\\alpha={short(float(group['alpha'].iloc[0]))}$", pad=4)
        axes.set_xlabel(axis_label("steps", "nu"))
    _heterogeneity_panel(grid[-2], _heterogeneity(frame))
    _all_panel(grid[-1], frame)
    grid[0].set_ylabel(f"{symbol('gamma_F')}  ({unit('gamma_F')})")
    handles: dict[str, Artist] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    legend_above(drawing, handles)
    return drawing


def _task_panel(axes: Axes, group: pd.DataFrame) -> None:
    axes.plot(group["nu"], group["predicted"], **PREDICTED.keywords())
    axes.plot(group["nu"], group["measured"], **MEASURED.keywords())
    published = group[group["published"].notna()]
    if len(published):
        look = PUBLISHED.keywords() | {"linestyle": "none", "label": "published (Per-FedAvg)"}
        axes.plot(published["nu"], published["published"], **look)
    log_limits(axes, *(group[column] for column in ("predicted", "measured", "published")))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _heterogeneity_panel(axes: Axes, lines: pd.DataFrame) -> None:
    for line in lines.to_dict("records"):
        axes.plot([line["gamma_G"]] * 2, [line["measured"], line["predicted"]], color=FAINT, linewidth=0.5, zorder=0)
    axes.plot(lines["gamma_G"], lines["predicted"], **(PREDICTED.keywords() | {"linestyle": "none"}))
    axes.plot(lines["gamma_G"], lines["measured"], **(MEASURED.keywords() | {"linestyle": "none"}))
    if len(lines):
        axes.set_xscale("log")
        log_limits(axes, lines["predicted"], lines["measured"])
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"{symbol('gamma_G')} ({unit('gamma_G')})")
    axes.set_title(f"tasks, $\\nu={_STEPS}$", pad=4)


def _all_panel(axes: Axes, frame: pd.DataFrame) -> None:
    shown = frame[(frame["predicted"] > 0) & (frame["measured"] > 0)]
    for panel, look in _POINT_LOOKS.items():
        mine = shown[shown["panel"] == panel]
        if len(mine):
            label = "measured" if panel == "task" else "measured on a witness"
            keywords = look.keywords() | {"linestyle": "none", "label": label, "markersize": 2.8}
            axes.plot(mine["predicted"], mine["measured"], **keywords)
    if len(shown):
        ends = [float(shown["predicted"].min()), float(shown["predicted"].max())]
        axes.plot(ends, ends, color=PREDICTED.color, linewidth=0.8)
        log_limits(axes, shown["measured"], shown["predicted"])
        axes.set_xscale("log")
    axes.set_xlabel(f"predicted {symbol('gamma_F')}")
    axes.set_title("all rows", pad=4)
