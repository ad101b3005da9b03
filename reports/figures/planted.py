"""Would we have noticed? Every planted error with the ratio that refutes it, and the score by kind."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from reports.analyses.suite_file import PlantedError
from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import FAINT, INK, TEXT, canvas, legend_above, points, short, styled
from reports.judging.frames import statement_order

_REFUTED, _OPEN = "#0072B2", "#D55E00"
_LARGEST = 30.0  # ratios beyond stand at the edge of the axis, as triangles
_SMALLEST = 0.04
# outcome and subtlety -> marker, colour, filled: told apart by shape and filling, in grey as well
_LOOKS = {
    (True, False): ("o", _REFUTED, True, "refuted"),
    (True, True): ("D", _REFUTED, True, "refuted, subtle"),
    (False, False): ("o", _OPEN, False, "not refuted"),
    (False, True): ("D", _OPEN, False, "not refuted, subtle"),
}


def planted_frame(errors: Sequence[PlantedError]) -> pd.DataFrame:
    """One line per planted error, in the order of the catalogue; a ratio that is not finite is infinite."""
    if not errors:
        raise MissingDataError("no planted errors were tried")
    frame = pd.DataFrame([error.model_dump() for error in errors])
    return frame.astype({"ratio": "float64", "factor": "float64"}).fillna({"ratio": float("inf")})


def score_frame(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Planted, refuted and subtle errors for each value of a column, in the order of the frame."""
    groups = frame.groupby(column, sort=False)["refuted"]
    return pd.DataFrame({"planted": groups.size(), "refuted": groups.sum().astype(int)})


def planted_figure(errors: Sequence[PlantedError]) -> Figure:
    """Figure `planted`."""
    frame = planted_frame(errors)
    refuted, subtle = int(frame["refuted"].sum()), frame[frame["subtle"]]
    share = f"{refuted} of {len(frame)}"
    caption = (
        "Would a wrong bound have been noticed? Left: every planted wrong version of a bound by the ratio of what is "
        "measured to its right side, on the stored instance that exceeds it most; to the right of the line at one it "
        f"is refuted. Right: the score by kind of error. Refuted are {share} planted errors, and "
        f"{int(subtle['refuted'].sum())} of the {len(subtle)} subtle ones (within a factor 1.2 of the right bound, or "
        "wrong in a lower-order term)."
    )
    missed = frame[~frame["refuted"]]
    alt = f"{frame['statement'].nunique()} statements, {len(frame)} planted errors, {refuted} refuted. Not refuted: "
    alt += (
        "; ".join(f"{m['statement']}, {m['wrong']}, ratio {short(m['ratio'])}" for m in missed.to_dict("records"))
        or "none"
    )
    return Figure("planted", "Planted errors", caption, f"{alt}.", frame, draw_planted)


@styled
def draw_planted(frame: pd.DataFrame) -> Drawing:
    """The two panels of `planted_frame`: one dot an error by statement, one bar a kind."""
    statements = [name for name in statement_order([]) if (frame["statement"] == name).any()]
    statements += [name for name in dict.fromkeys(frame["statement"]) if name not in statements]
    drawing = canvas(TEXT, 0.7 + 0.125 * len(statements))
    left, right = drawing.subplots(1, 2, width_ratios=(1.45, 1))
    _errors(left, frame, statements)
    _kinds(right, score_frame(frame, "kind"))
    occur = set(zip(frame["refuted"], frame["subtle"], strict=True))
    shown = [look for outcome, look in _LOOKS.items() if outcome in occur]
    legend_above(drawing, {label: _handle(*look) for *look, label in shown}, handlelength=1.0)
    return drawing


def _errors(axes: Axes, frame: pd.DataFrame, statements: Sequence[str]) -> None:
    score = score_frame(frame, "statement")
    axes.axvline(1.0, color=INK, linewidth=0.7)
    for row, statement in enumerate(statements):
        axes.axhline(row, color=FAINT, linewidth=0.25, zorder=0)
        for error in frame[frame["statement"] == statement].to_dict("records"):
            marker, color, filled, _ = _LOOKS[bool(error["refuted"]), bool(error["subtle"])]
            beyond = error["ratio"] > _LARGEST
            axes.plot(
                [min(max(error["ratio"], _SMALLEST), _LARGEST)], [row], linestyle="none", clip_on=False,
                marker=">" if beyond else marker, color=color, markerfacecolor=color if filled else "none",
                markersize=3.4, markeredgewidth=0.8,
            )  # fmt: skip
        counts = score.loc[statement]
        axes.annotate(
            f"{counts['refuted']}/{counts['planted']}", (1.0, row), xycoords=("axes fraction", "data"),
            xytext=(9, 0), textcoords="offset points", va="center", fontsize=points(7.5),
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(_SMALLEST, _LARGEST)
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.set_ylim(len(statements) - 0.5, -0.6)
    axes.set_yticks(range(len(statements)), [name.replace("per_fedavg.", "Per-FedAvg ") for name in statements])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"measured / wrong right side (dimensionless; beyond {_LARGEST:g} at the edge)")


def _kinds(axes: Axes, score: pd.DataFrame) -> None:
    score = score.sort_values("planted", ascending=False, kind="stable")
    for row, (kind, counts) in enumerate(score.iterrows()):
        axes.barh(row, counts["refuted"], height=0.5, color=_REFUTED, linewidth=0)
        missed = counts["planted"] - counts["refuted"]
        if missed:
            axes.barh(row, missed, left=counts["refuted"], height=0.5, facecolor="none", edgecolor=_OPEN, linewidth=0.8)
        axes.text(0, row - 0.34, str(kind), ha="left", va="bottom", fontsize=points(7.5))
        axes.annotate(
            f"{counts['refuted']}/{counts['planted']}", (counts["planted"], row), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=points(7.5),
        )  # fmt: skip
    axes.set_ylim(len(score) - 0.5, -0.9)
    axes.set_xlim(0, 1.12 * float(score["planted"].max()))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("planted errors (dimensionless)")


def _handle(marker: str, color: str, filled: bool) -> Line2D:
    face = color if filled else "none"
    return Line2D([], [], linestyle="none", marker=marker, color=color, markerfacecolor=face, markersize=3.6)
