"""The figure of the scaling study: cost against fine-tuning steps and against the number of agents."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from empirics.algorithm.modes import Mode
from reports.figures.figure import Figure
from reports.figures.labels import short, symbol
from reports.figures.looks import FAINT, INK, Look
from reports.figures.panels import common_legend, panel_grid
from reports.figures.selection import distinct, groups, known, one_of, only, values
from reports.figures.style import TEXT, canvas, styled

_LOOKS = {
    Mode.EXACT: Look("exact", INK, "-", "o"),
    Mode.STOCHASTIC: Look("stochastic", FAINT, (0, (5, 1.5)), "P"),
    Mode.FIRST_ORDER: Look("FO", "#0072B2", (0, (4, 1.2, 1, 1.2)), "s"),
    Mode.FIRST_ORDER_STOCHASTIC: Look("FO, stochastic", "#56B4E9", (0, (1.5, 1.2)), "v"),
    Mode.HESSIAN_FREE: Look("HF", "#D55E00", (0, (3, 1)), "^"),
    Mode.HESSIAN_FREE_STOCHASTIC: Look("HF, stochastic", "#E69F00", (0, (6, 2)), "D"),
}
# panel -> what is measured there
_PANELS = {
    "seconds": "processor seconds",
    "vectors": "vectors in memory",
    "time": "processor seconds",
    "memory": "memory growth (MB)",
}


def scaling_figures(frames: Mapping[str, pd.DataFrame]) -> list[Figure]:
    """Every figure of the study, from its frames alone."""
    return [cost_figure(frames["runs"], frames["vectors"])]


def cost_frame(runs: pd.DataFrame, vectors: pd.DataFrame) -> pd.DataFrame:
    """One line per point: panel, mode, x, measured and predicted (NaN where T7 predicts nothing).

    seconds: processor seconds of a run against nu, at the most agents, with the line in T7's operations. vectors:
    memory of a local step. time, memory: of a run against n, in the exact mode at the nu that was run with most n.
    """
    most = one_of(only(runs, n=runs["n"].max()), "mode", [mode.value for mode in Mode if not mode.draws])
    exact = groups(only(runs, mode=Mode.EXACT.value), "nu", sort=True)
    steps, across = max(exact, key=lambda part: len(distinct(part[1], "n")))
    across = across.sort_values("n").assign(nothing=np.nan)
    parts = [
        _points("seconds", most, "nu", "processor", "fitted"),
        _points("vectors", vectors, "nu", "measured", "predicted"),
        _points("time", across, "n", "processor", "nothing"),
        _points("memory", across, "n", "megabytes", "nothing"),
    ]
    return pd.concat(parts, ignore_index=True).assign(nu=int(steps))


def _points(panel: str, frame: pd.DataFrame, x: str, measured: str, predicted: str) -> pd.DataFrame:
    columns = {"panel": panel, "mode": frame["mode"], "x": values(frame, x), "measured": frame[measured]}
    return pd.DataFrame({**columns, "predicted": values(frame, predicted)})


def cost_figure(runs: pd.DataFrame, vectors: pd.DataFrame) -> Figure:
    """Figure `scaling`: cost against fine-tuning steps above, against the number of agents below."""
    frame = cost_frame(runs, vectors)
    agents, seconds, grown = (
        [short(end) for end in values(only(frame, panel=panel), column)[[0, -1]]]
        for panel, column in (("time", "x"), ("time", "measured"), ("memory", "measured"))
    )
    words = (
        f"From {agents[0]} to {agents[1]} agents processor seconds go from {seconds[0]} to {seconds[1]} and memory "
        f"growth from {grown[0]} to {grown[1]} MB."
    )
    caption = (
        "Top: processor seconds of a run and memory of a local step (in vectors of all agents) against the number of "
        "fine-tuning steps; markers are measured, thin lines are T7's prediction (for seconds the straight line in its "
        "operations; memory is higher by a work space that does not grow). "
        f"Bottom, exact mode with $\\nu = {frame['nu'].iloc[0]}$: seconds and growth of "
        f"resident memory against the number of agents, of whom at most {runs['m'].max()} take part, on the engine "
        f"{_engines(runs)}. {words}"
    )
    return Figure("scaling", "Cost against steps and agents", caption, words, frame, draw_costs, ("T7",))


def _engines(runs: pd.DataFrame) -> str:
    """Which engine served which numbers of agents."""
    by_engine = groups(runs.sort_values("n"), "backend")
    return ", ".join(f"{name} (n = {', '.join(map(short, distinct(part, 'n')))})" for name, part in by_engine)


@styled
def draw_costs(frame: pd.DataFrame) -> Drawing:
    """The four panels of `cost_frame`: two against fine-tuning steps, then two against agents."""
    drawing = canvas(TEXT, 4.2)
    for axes, (panel, label) in zip(panel_grid(drawing, len(_PANELS), 2), _PANELS.items(), strict=True):
        _panel(axes, only(frame, panel=panel))
        axes.set_ylabel(label)
        if panel in ("seconds", "vectors"):
            axes.set_xlabel(f"fine-tuning steps {symbol('nu')}")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        else:
            axes.set_xlabel(f"agents {symbol('n')}")
            axes.set_xscale("log")
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    common_legend(drawing)
    return drawing


def _panel(axes: Axes, part: pd.DataFrame) -> None:
    """Draw into `axes` a series a mode; markers are joined only where there is no prediction to draw as a line."""
    for mode, line in groups(part, "mode"):
        look, line = _LOOKS[Mode(mode)], line.sort_values("x")
        predicted = len(known(line, "predicted")) > 0
        axes.plot(line["x"], line["measured"], **(look.points() if predicted else look.keywords()))
        if predicted:
            axes.plot(line["x"], line["predicted"], color=look.color, linestyle=look.dash, linewidth=0.8)
