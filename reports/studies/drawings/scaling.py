"""The figure of the scaling study: cost against fine-tuning steps and against the number of agents."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from reports.figures.figure import Figure
from reports.figures.labels import short, symbol
from reports.figures.looks import Look
from reports.figures.panels import legend_above
from reports.figures.style import TEXT, canvas, styled

_LOOKS = {
    "exact": Look("exact", "#1a1a19", "-", "o"),
    "stochastic": Look("stochastic", "#8a8a88", (0, (5, 1.5)), "P"),
    "first_order": Look("FO", "#0072B2", (0, (4, 1.2, 1, 1.2)), "s"),
    "first_order_stochastic": Look("FO, stochastic", "#56B4E9", (0, (1.5, 1.2)), "v"),
    "hessian_free": Look("HF", "#D55E00", (0, (3, 1)), "^"),
    "hessian_free_stochastic": Look("HF, stochastic", "#E69F00", (0, (6, 2)), "D"),
}
_PANELS = ("seconds", "vectors", "time", "memory")


def scaling_figures(frames: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Every figure of the study, from its frames alone."""
    return [cost_figure(frames["runs"], frames["vectors"])]


def cost_frame(runs: pd.DataFrame, vectors: pd.DataFrame) -> pd.DataFrame:
    """One line per point: panel, mode, x, measured and predicted (NaN where T7 predicts nothing).

    seconds: processor seconds of a run against nu, at the most agents, with the line in T7's operations. vectors:
    memory of a local step. time, memory: of a run against n, in the exact mode at the nu that was run with most n.
    """
    most = runs[runs["n"] == runs["n"].max()]
    full = most[most["mode"].isin(["exact", "first_order", "hessian_free"])]
    parts = [
        _lines("seconds", full, "nu", "processor", "fitted"),
        _lines("vectors", vectors, "nu", "measured", "predicted"),
    ]
    exact = runs[runs["mode"] == "exact"]
    steps = exact.groupby("nu")["n"].nunique().idxmax()
    across = exact[exact["nu"] == steps].sort_values("n").assign(nothing=np.nan)
    parts += [
        _lines("time", across, "n", "processor", "nothing"),
        _lines("memory", across, "n", "megabytes", "nothing"),
    ]
    return pd.concat(parts, ignore_index=True).assign(nu=int(steps))


def _lines(panel: str, frame: pd.DataFrame, x: str, measured: str, predicted: str) -> pd.DataFrame:
    columns = {"panel": panel, "mode": frame["mode"], "x": frame[x].astype(float), "measured": frame[measured]}
    return pd.DataFrame({**columns, "predicted": frame[predicted].astype(float)})


def cost_figure(runs: pd.DataFrame, vectors: pd.DataFrame) -> Figure:
    """Figure `scaling`."""
    frame = cost_frame(runs, vectors)
    across = frame[frame["panel"] == "memory"]
    steps = frame["nu"].iloc[0]
    low, high = across.iloc[0], across.iloc[-1]
    words = (
        f"From {short(low['x'])} to {short(high['x'])} agents processor seconds go from "
        f"{short(float(frame[frame['panel'] == 'time']['measured'].iloc[0]))} to "
        f"{short(float(frame[frame['panel'] == 'time']['measured'].iloc[-1]))} and memory growth from "
        f"{short(float(low['measured']))} to {short(float(high['measured']))} MB."
    )
    caption = (
        "Top: processor seconds of a run and memory of a local step (in vectors of all agents) against the number of "
        "fine-tuning steps; markers are measured, thin lines are T7's prediction (for seconds the straight line in its "
        "operations; memory is higher by a work space that does not grow). "
        f"Bottom, exact mode with $\\nu = {steps}$: seconds and growth of "
        f"resident memory against the number of agents, of whom at most {runs['m'].max()} take part, on the engine "
        f"{_engines(runs)}. {words}"
    )
    return Figure("scaling", "Cost against steps and agents", caption, words, frame, draw_costs, ("T7",))


def _engines(runs: pd.DataFrame) -> str:
    """Which engine served which numbers of agents."""
    by_engine = runs.sort_values("n").groupby("backend", sort=False)["n"]
    return ", ".join(f"{name} (n = {', '.join(short(float(n)) for n in sorted(set(ns)))})" for name, ns in by_engine)


@styled
def draw_costs(frame: pd.DataFrame) -> Drawing:
    """Four panels."""
    drawing = canvas(TEXT, 4.2)
    grid = dict(zip(_PANELS, drawing.subplots(2, 2).ravel(), strict=True))
    for panel, axes in grid.items():
        _panel(axes, frame[frame["panel"] == panel])
    for panel, label in (("seconds", "processor seconds"), ("vectors", "vectors in memory")):
        grid[panel].set_xlabel(f"fine-tuning steps {symbol('nu')} (dimensionless)")
        grid[panel].set_ylabel(label)
        grid[panel].xaxis.set_major_locator(MaxNLocator(integer=True))
    for panel, label in (("time", "processor seconds"), ("memory", "memory growth (MB)")):
        grid[panel].set_xlabel(f"agents {symbol('n')} (dimensionless)")
        grid[panel].set_ylabel(label)
        grid[panel].set_xscale("log")
    for axes in grid.values():
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    handles = {}
    for panel in ("seconds", "vectors"):
        for handle, name in zip(*grid[panel].get_legend_handles_labels(), strict=True):
            handles.setdefault(name, handle)
    legend_above(drawing, handles)
    return drawing


def _panel(axes: Axes, part: pd.DataFrame) -> None:
    for mode, line in part.groupby("mode", sort=False):
        look, line = _LOOKS[str(mode)], line.sort_values("x")
        predicted = line["predicted"].notna().any()
        axes.plot(line["x"], line["measured"], **(look.keywords() | ({"linestyle": "none"} if predicted else {})))
        if predicted:
            axes.plot(line["x"], line["predicted"], color=look.color, linestyle=look.dash, linewidth=0.8)
