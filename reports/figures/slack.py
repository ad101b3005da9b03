"""Where the slack of T2 and T3 sits: one bar a run, cut into the factors that its replacements gain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.analyses.suite_file import RunSlack
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import short
from reports.figures.looks import FAINT, INK
from reports.figures.modes import mode_words
from reports.figures.panels import legend_above
from reports.figures.selection import distinct, groups, lines, values
from reports.figures.style import TEXT, canvas, points, room, styled
from reports.figures.textures import Handle, Texture

# Okabe-Ito in an order that alternates dark and light, with strokes, so that grey print tells neighbours apart
_LOOKS = (
    Texture("#0072B2"),
    Texture("#56B4E9", "/"),
    Texture("#009E73", "x"),
    Texture("#F0E442", "|", INK),
    Texture("#D55E00", "\\"),
    Texture("#E69F00", "-", INK),
)
_MOST = 16
_NAMES = 5.5  # inches of the house page from which on a run's name has room beside its bar, not above it
_STROKES = 50  # of a texture along the axis


def slack_frame(found: Sequence[RunSlack]) -> pd.DataFrame:
    """One line a run and factor: the run's name, the replacement, the factor and its share in decades.

    Of many runs those of each bound with the most and the least slack are shown, in equal numbers.
    """
    factors = []
    for one in _chosen(found):
        stages = list(one.stages.items())
        for (_, above), (stage, below) in pairwise(stages):
            line = {"run": _name(one), "bound": one.bound, "stage": stage, "factor": above / below}
            line |= {"decades": float(np.log10(above / below)), "total": _slack(one)}
            factors.append(line | {"irremovable": one.irremovable or float("nan")})
    if not factors:
        raise MissingDataError("no run of T2 or T3 with a waterfall")
    return pd.DataFrame(factors)


def _chosen(found: Sequence[RunSlack]) -> list[RunSlack]:
    """At most _MOST runs, the bounds after one another, the largest slack first; those with a certificate stay."""
    bounds = list(dict.fromkeys(one.bound for one in found))
    chosen: list[RunSlack] = []
    for place, bound in enumerate(bounds):
        mine = sorted((one for one in found if one.bound == bound), key=_slack, reverse=True)
        room = (_MOST - len(chosen)) // (len(bounds) - place)
        proved = [one for one in mine if one.certified is not None][:room]
        others, rest = [one for one in mine if one not in proved], room - len(proved)
        ends = others if len(others) <= rest else [*others[: rest - rest // 2], *others[len(others) - rest // 2 :]]
        chosen += sorted([*proved, *ends], key=_slack, reverse=True)
    return chosen


def _slack(one: RunSlack) -> float:
    first, *_, last = one.stages.values()
    return first / last


def _name(one: RunSlack) -> str:
    return f"{one.bound}  {one.task}, {mode_words(one.mode)}, $\\nu={one.nu}$, $\\tau={one.tau}$, $m={one.m}$"


def slack_figure(found: Sequence[RunSlack]) -> Figure:
    """Figure `slack`: predicted / measured as the product of its factors, in decades.

    Raises MissingDataError where no run of T2 or T3 was taken apart.
    """
    frame = slack_frame(found)
    by_stage = {stage: values(group, "decades").mean() for stage, group in groups(frame, "stage")}
    runs, most = len(distinct(frame, "run")), max(by_stage, key=by_stage.__getitem__)
    some = f"{runs} of {len(found)} runs, those with a certificate, the loosest and the tightest of each bound"
    caption = (
        "Predicted over measured, cut into the factors that are gained when a constant is replaced by what the run "
        f"itself met ({some if runs < len(found) else 'all runs'}). A thin bar to the left of zero is a replacement "
        f"that lost. {_certified(frame)}On average over these runs the largest factor is '{_said(most)}' "
        f"(${10 ** by_stage[most]:.3g}$)."
    )
    totals = values(frame, "total")
    alt = (
        f"Stacked horizontal bars in decades for {runs} runs; the factors multiply to predicted / measured, "
        f"{short(totals.min())} to {short(totals.max())}. Mean decades: "
        + ", ".join(f"{_said(stage)} {decades:.2f}" for stage, decades in by_stage.items())
        + "."
    )
    return Figure("slack", "Where the slack sits", caption, alt, frame, draw_slack, ("T2", "T3"))


def _certified(frame: pd.DataFrame) -> str:
    """What the caption says of runs with a certificate, '' where there is none."""
    known = frame.drop_duplicates("run").dropna(subset=["irremovable"])
    if known.empty:
        return ""
    runs = "1 run" if len(known) == 1 else f"{len(known)} runs"
    most = short(values(known, "irremovable").max())
    return (
        "The black line that ends at the total is the part that no proof from the same constants can remove, certified "
        f"for {runs} and at most ${most}$. "
    )


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
    looks = dict(zip(distinct(frame, "stage"), _LOOKS, strict=False))
    runs = groups(frame, "run")
    beside = room() >= _NAMES
    drawing = canvas(TEXT, 0.85 + (0.2 if beside else 0.29) * len(runs))
    axes = drawing.add_subplot()
    height, spacing = 0.62 if beside else 0.42, _longest(runs) / _STROKES
    for row, (_, run) in enumerate(runs):
        right = left = total = 0.0
        for line in lines(run):
            gain, total = line["decades"], np.log10(line["total"])
            ends = (right, right + gain) if gain >= 0 else (left + gain, left)
            looks[line["stage"]].draw(axes, *ends, row, height if gain >= 0 else height / 2, spacing)
            right, left = max(right, ends[1]), min(left, ends[0])
        axes.plot([total, total], [row - 0.68 * height, row + 0.68 * height], color=INK, linewidth=1.2)
        if not beside:
            axes.text(0, row - 0.29, runs[row][0], fontsize=points(6.5), va="bottom")
    axes.axvline(0.0, color=FAINT, linewidth=0.6)
    axes.autoscale_view()
    axes.set_yticks(
        range(len(runs)) if beside else [], [name for name, _ in runs] if beside else [], fontsize=points(7.5)
    )
    axes.set_ylim(len(runs) - 0.4, -0.6 if beside else -0.9)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("predicted / measured, decades (mark: total)")
    handles = {_typeset(_said(stage)): Handle(texture) for stage, texture in looks.items()}
    legend_above(drawing, handles, handlelength=1.6)
    for row, (_, run) in enumerate(runs):
        _draw_irremovable(axes, row, *(np.log10(values(run, name)[0]) for name in ("total", "irremovable")))
    return drawing


def _draw_irremovable(axes: Axes, row: int, total: float, irremovable: float) -> None:
    """Draw into `axes` a line that ends at the total of a run, as long as what no proof can remove; none if unknown."""
    if irremovable > 0:
        axes.plot([total - irremovable, total], [row, row], color=INK, linewidth=2.4, solid_capstyle="butt")


def _longest(runs: Sequence[tuple[str, pd.DataFrame]]) -> float:
    """The decades from the largest loss to the largest gain, over all bars."""
    ends = [(values(run, "decades").clip(max=0).sum(), values(run, "decades").clip(min=0).sum()) for _, run in runs]
    return max(gain for _, gain in ends) - min(loss for loss, _ in ends)
