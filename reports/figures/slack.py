"""Where the slack of T2 and T3 sits: one bar a run, cut into the factors that its replacements gain."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import INK, TEXT, canvas, styled
from reports.slack import STAGES, Waterfall

# Okabe-Ito, in an order that also rises and falls in lightness
_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#F0E442", "#E69F00", "#D55E00")
_MOST = 16


def slack_frame(found: Sequence[Waterfall]) -> pd.DataFrame:
    """One line a run and factor: the run's name, the replacement, the factor and its share in decades."""
    lines = [
        {"run": _name(one), "stage": stage, "factor": factor, "decades": float(np.log10(factor)), "total": one.total}
        for one in list(found)[:_MOST]
        for stage, factor in zip(STAGES[1:], one.factors, strict=True)
    ]
    if not lines:
        raise MissingDataError("no run of T2 or T3 with a waterfall")
    return pd.DataFrame(lines)


def _name(one: Waterfall) -> str:
    return f"{one.bound} {one.task}, {one.mode.replace('_', ' ')}, ν={one.nu} τ={one.tau} m={one.m}"


def slack_figure(found: Sequence[Waterfall]) -> Figure:
    """Predicted / measured as the product of its factors, in decades."""
    frame = slack_frame(found)
    by_stage = frame.groupby("stage", sort=False)["decades"].mean()
    most = str(by_stage.idxmax())
    caption = (
        "Predicted over measured, cut into the factors that are gained when a constant is replaced by what the run "
        "itself met. A step to the left means that a replacement lost. "
        "On average over these runs the largest factor is "
        f"'{most}' ({10 ** float(by_stage.max()):.3g})."
    )
    runs = frame["run"].nunique()
    alt = f"Stacked horizontal bars in decades for {runs} runs; the factors multiply to predicted / measured."
    return Figure("slack", "Where the slack sits", caption, alt, frame, _draw)


@styled
def _draw(frame: pd.DataFrame) -> Drawing:
    runs = list(dict.fromkeys(frame["run"]))
    drawing = canvas(TEXT, 0.9 + 0.22 * len(runs))
    axes = drawing.add_subplot()
    for row, run in enumerate(reversed(runs)):
        mine = frame[frame["run"] == run]
        left = 0.0
        for place, decades in enumerate(mine["decades"]):
            axes.barh(row, decades, left=left, height=0.6, color=_COLOURS[place], linewidth=0)
            left += decades
        axes.plot([left, left], [row - 0.4, row + 0.4], color=INK, linewidth=1.0)
    axes.set_yticks(range(len(runs)), list(reversed(runs)))
    axes.set_xlabel("predicted / measured, in decades")
    handles = [axes.barh(0, 0, color=colour) for colour in _COLOURS]
    names = [stage if stage != "measured" else "what is left" for stage in STAGES[1:]]
    axes.legend(handles, names, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3)
    return drawing
