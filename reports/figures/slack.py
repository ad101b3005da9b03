"""Where the slack of T2 and T3 sits: one bar a run, cut into the factors that its replacements gain."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Rectangle

from reports.analyses.suite_file import RunSlack
from reports.figures.figure import Figure, MissingDataError
from reports.figures.rounds import MODE_NAMES
from reports.figures.style import FAINT, INK, TEXT, canvas, legend_above, points, short, styled

# Okabe-Ito in an order that alternates dark and light, with hatching, so that grey print tells neighbours apart
_LOOKS = (
    ("#0072B2", ""),
    ("#56B4E9", "////"),
    ("#009E73", "xxxx"),
    ("#F0E442", "...."),
    ("#D55E00", ""),
    ("#E69F00", "----"),
)
_MOST = 16


def slack_frame(found: Sequence[RunSlack]) -> pd.DataFrame:
    """One line a run and factor: the run's name, the replacement, the factor and its share in decades.

    Of many runs those of each bound with the most and the least slack are shown, in equal numbers.
    """
    lines = []
    for one in _chosen(found):
        names, values = list(one.stages), list(one.stages.values())
        factors = [above / below for above, below in pairwise(values)]
        for stage, factor in zip(names[1:], factors, strict=True):
            line = {"run": _name(one), "bound": one.bound, "stage": stage, "factor": factor}
            lines.append(line | {"decades": float(np.log10(factor)), "total": values[0] / values[-1]})
    if not lines:
        raise MissingDataError("no run of T2 or T3 with a waterfall")
    return pd.DataFrame(lines)


def _chosen(found: Sequence[RunSlack]) -> list[RunSlack]:
    """At most _MOST runs, the bounds after one another, the largest slack first."""
    bounds = list(dict.fromkeys(one.bound for one in found))
    chosen: list[RunSlack] = []
    for place, bound in enumerate(bounds):
        mine = sorted((one for one in found if one.bound == bound), key=_slack, reverse=True)
        room = (_MOST - len(chosen)) // (len(bounds) - place)
        chosen += mine if len(mine) <= room else [*mine[: room - room // 2], *mine[len(mine) - room // 2 :]]
    return chosen


def _slack(one: RunSlack) -> float:
    values = list(one.stages.values())
    return values[0] / values[-1]


def _name(one: RunSlack) -> str:
    mode = MODE_NAMES.get(one.mode, one.mode)
    return f"{one.bound}  {one.task}, {mode}, $\\nu={one.nu}$, $\\tau={one.tau}$, $m={one.m}$"


def slack_figure(found: Sequence[RunSlack]) -> Figure:
    """Figure `slack`: predicted / measured as the product of its factors, in decades."""
    frame = slack_frame(found)
    by_stage = frame.groupby("stage", sort=False)["decades"].mean()
    runs, most = frame["run"].nunique(), str(by_stage.idxmax())
    some = f"{runs} of {len(found)} runs, the loosest and the tightest of each bound"
    caption = (
        "Predicted over measured, cut into the factors that are gained when a constant is replaced by what the run "
        f"itself met ({some if runs < len(found) else 'all runs'}). A thin bar to the left of zero is a replacement "
        f"that lost. On average over these runs the largest factor is '{_said(most)}' "
        f"(${10 ** float(by_stage.max()):.3g}$)."
    )
    totals = frame.drop_duplicates("run")["total"]
    alt = (
        f"Stacked horizontal bars in decades for {runs} runs; the factors multiply to predicted / measured, "
        f"{short(float(totals.min()))} to {short(float(totals.max()))}. Mean decades: "
        + ", ".join(f"{_said(str(stage))} {decades:.2f}" for stage, decades in by_stage.items())
        + "."
    )
    return Figure("slack", "Where the slack sits", caption, alt, frame, draw_slack, ("T2", "T3"))


def _said(stage: str) -> str:
    return "what is left" if stage == "measured" else stage


def _typeset(stage: str) -> str:
    """A stage with its symbols as the theory prints them."""
    for words, formula in (("L_F", "$L_F$"), ("b, sigma, gamma_F", r"$b$, $\sigma$, $\gamma_F$")):
        stage = stage.replace(words, formula)
    return stage


@styled
def draw_slack(frame: pd.DataFrame) -> Drawing:
    """One bar a run of `slack_frame`: gains to the right from zero, losses to the left of it."""
    runs, stages = list(dict.fromkeys(frame["run"])), list(dict.fromkeys(frame["stage"]))
    looks = dict(zip(stages, _LOOKS, strict=False))
    drawing = canvas(TEXT, 0.85 + 0.2 * len(runs))
    axes = drawing.add_subplot()
    for row, run in enumerate(runs):
        right = left = 0.0
        for line in frame[frame["run"] == run].to_dict("records"):
            color, hatch = looks[line["stage"]]
            gain = line["decades"]
            axes.barh(
                row, abs(gain), left=right if gain >= 0 else left + gain, height=0.62 if gain >= 0 else 0.3,
                color=color, hatch=hatch, edgecolor="white", linewidth=0.3, clip_on=False,
            )  # fmt: skip
            right, left = right + max(gain, 0.0), left + min(gain, 0.0)
        total = float(np.log10(frame.loc[frame["run"] == run, "total"].iloc[0]))
        axes.plot([total, total], [row - 0.42, row + 0.42], color=INK, linewidth=1.2)
    axes.axvline(0.0, color=FAINT, linewidth=0.6)
    axes.set_yticks(range(len(runs)), runs, fontsize=points(7.5))
    axes.set_ylim(len(runs) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("predicted / measured, in decades (dimensionless); the black mark is the total")
    handles = {_typeset(_said(stage)): _patch(*looks[stage]) for stage in stages}
    legend_above(drawing, handles, handlelength=1.6)
    return drawing


def _patch(color: str, hatch: str) -> Rectangle:
    return Rectangle((0, 0), 1, 1, facecolor=color, hatch=hatch, edgecolor="white", linewidth=0.3)
