"""Would we have noticed? Every planted error with the ratio that refutes it, and the score by kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from reports.analyses.suite_file import PlantedError
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import short
from reports.figures.looks import FAINT, INK, Look
from reports.figures.panels import legend_above
from reports.figures.selection import distinct, groups, lines, only, values
from reports.figures.style import TEXT, beside, canvas, points, styled
from reports.judging.frames import statement_order

_REFUTED, _OPEN = "#0072B2", "#D55E00"
_LARGEST = 30.0  # ratios beyond stand at the edge of the axis, as triangles
_SMALLEST = 0.04
# by outcome and subtlety: told apart by shape and filling, in grey as well
_LOOKS = {
    (True, False): Look("refuted", _REFUTED, "none", "o"),
    (True, True): Look("refuted, subtle", _REFUTED, "none", "D"),
    (False, False): Look("not refuted", _OPEN, "none", "o", filled=False),
    (False, True): Look("not refuted, subtle", _OPEN, "none", "D", filled=False),
}


def planted_frame(errors: Sequence[PlantedError]) -> pd.DataFrame:
    """One line per planted error, in the order of the catalogue; a ratio that is not finite is infinite."""
    if not errors:
        raise MissingDataError("no planted errors were tried")
    frame = pd.DataFrame([error.model_dump() for error in errors])
    return frame.astype({"ratio": "float64", "factor": "float64"}).fillna({"ratio": float("inf")})


def score_frame(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Planted, refuted and subtle errors for each value of a column, in the order of the frame."""
    return frame.groupby(column, sort=False).agg(planted=("refuted", "size"), refuted=("refuted", "sum"))


def planted_figure(errors: Sequence[PlantedError]) -> Figure:
    """Figure `planted`: how far each wrong version of a bound was exceeded, and how many of each kind were refuted.

    Raises MissingDataError where none was tried.
    """
    frame = planted_frame(errors)
    refuted, subtle = len(only(frame, refuted=True)), only(frame, subtle=True)
    caption = (
        "Would a wrong bound have been noticed? First: every planted wrong version of a bound by the ratio of what is "
        "measured to its right side, on the stored instance that exceeds it most; to the right of the line at one it "
        f"is refuted. Second: the score by kind of error, refuted ones filled. Refuted are {refuted} of {len(frame)} "
        f"planted errors, and {len(only(subtle, refuted=True))} of the {len(subtle)} subtle ones (within a factor 1.2 "
        "of the right bound, or wrong in a lower-order term)."
    )
    missed = [f"{m['statement']}, {m['wrong']}, ratio {short(m['ratio'])}" for m in lines(only(frame, refuted=False))]
    alt = f"{frame['statement'].nunique()} statements, {len(frame)} planted errors, {refuted} refuted. Not refuted: "
    return Figure("planted", "Planted errors", caption, f"{alt}{'; '.join(missed) or 'none'}.", frame, draw_planted)


@styled
def draw_planted(frame: pd.DataFrame) -> Drawing:
    """The two panels of `planted_frame`: one dot an error by statement, one bar a kind."""
    found = distinct(frame, "statement")
    statements = [name for name in statement_order([]) if name in found]
    statements += [name for name in found if name not in statements]
    kinds = score_frame(frame, "kind")
    high, low = 0.7 + 0.125 * len(statements), 0.5 + 0.26 * len(kinds)
    if beside(2, 2.7) == 2:
        drawing = canvas(TEXT, high)
        first, second = drawing.subplots(1, 2, width_ratios=(1.45, 1))
    else:
        drawing = canvas(TEXT, high + low)
        first, second = drawing.subplots(2, 1, height_ratios=(high, low))
    _errors(first, frame, statements)
    _kinds(second, kinds)
    occurring = {outcome for outcome, _ in groups(frame, ["refuted", "subtle"])}
    shown = [look for outcome, look in _LOOKS.items() if outcome in occurring]
    handles = {look.label: Line2D([], [], **look.keywords(markeredgewidth=1.0)) for look in shown}
    legend_above(drawing, handles, handlelength=1.0)
    return drawing


def _errors(axes: Axes, frame: pd.DataFrame, statements: Sequence[str]) -> None:
    """Draw into `axes` a dot an error, a line a statement, with how many of each were refuted at the right edge."""
    axes.axvline(1.0, color=INK, linewidth=0.7)
    for row, statement in enumerate(statements):
        axes.axhline(row, color=FAINT, linewidth=0.25, zorder=0)
        mine = only(frame, statement=statement)
        axes.annotate(
            f"{len(only(mine, refuted=True))}/{len(mine)}", (1.0, row), xycoords=("axes fraction", "data"),
            xytext=(9, 0), textcoords="offset points", va="center", fontsize=points(7.5),
        )  # fmt: skip
    rows = frame["statement"].map(list(statements).index)
    for (beyond, *outcome), group in groups(
        frame.assign(beyond=frame["ratio"] > _LARGEST), ["beyond", "refuted", "subtle"]
    ):
        look = _LOOKS[tuple(outcome)]
        places = np.clip(values(group, "ratio"), _SMALLEST, _LARGEST)
        marks = look.points(marker=">" if beyond else look.marker, markersize=3.4, clip_on=False)
        axes.plot(places, rows[group.index], **marks)
    axes.set_xscale("log")
    axes.set_xlim(_SMALLEST, _LARGEST)
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.set_ylim(len(statements) - 0.5, -0.6)
    axes.set_yticks(range(len(statements)), [name.replace("per_fedavg.", "Per-FedAvg ") for name in statements])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"measured / wrong right side (beyond {_LARGEST:g} at the edge)")


def _kinds(axes: Axes, score: pd.DataFrame) -> None:
    """Draw into `axes` a bar a kind of error, filled as far as its errors are refuted."""
    score = score.sort_values("planted", ascending=False, kind="stable")
    for row, (kind, planted, refuted) in enumerate(score.itertuples()):
        axes.barh(row, refuted, height=0.5, color=_REFUTED, linewidth=0)
        if planted > refuted:
            missed = {"facecolor": "none", "edgecolor": _OPEN, "linewidth": 0.8}
            axes.barh(row, planted - refuted, left=refuted, height=0.5, **missed)
        axes.text(0, row - 0.34, str(kind), ha="left", va="bottom", fontsize=points(7.5))
        axes.annotate(
            f"{refuted}/{planted}", (planted, row), xytext=(4, 0), textcoords="offset points", va="center",
            fontsize=points(7.5),
        )  # fmt: skip
    axes.set_ylim(len(score) - 0.5, -0.9)
    axes.set_xlim(0, 1.12 * values(score, "planted").max())
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("planted errors")
