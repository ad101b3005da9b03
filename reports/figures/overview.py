"""Every statement on every task at a glance: its verdict, and how tight it is."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import FAINT, INK, TEXT, canvas, legend_above, points, short, styled
from reports.judging.frames import statement_order
from reports.judging.rows import Row, Verdict

# the verdict a cell shows, most urgent first: a violation is never hidden behind a row that holds
_URGENCY = (Verdict.VIOLATED, Verdict.HOLDS, Verdict.INCONCLUSIVE, Verdict.VACUOUS, Verdict.NOT_APPLICABLE)
_MARKS = {
    Verdict.VIOLATED: ("X", "#c0271a", "violated"),
    Verdict.INCONCLUSIVE: ("$?$", INK, "inconclusive"),
    Verdict.VACUOUS: ("o", INK, "vacuous"),
    Verdict.NOT_APPLICABLE: ("_", FAINT, "not applicable"),
}
_LONGEST_NAME = 24
_NEARLY = 0.9  # a bound that is nearly attained
_LOWEST = 1e-3  # shades saturate here; the number in the cell does not


def tightness_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per (statement, task) with rows: counts per verdict, the cell's verdict, and its tightest HOLDS row.

    The cell's verdict is VIOLATED if any row is, else HOLDS if any row is, else the first of INCONCLUSIVE, VACUOUS,
    NOT_APPLICABLE that occurs.
    """
    if not rows:
        raise MissingDataError("no rows")
    lines = []
    for bound in statement_order(rows):
        mine = [row for row in rows if row.bound == bound]
        for task in dict.fromkeys(row.task for row in rows):
            cell = [row for row in mine if row.task == task]
            if cell:
                lines.append({"bound": bound, "task": task, **_cell(cell)})
    return pd.DataFrame(lines)


def _cell(rows: Sequence[Row]) -> dict[str, object]:
    counts = {verdict.value: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    held = [row for row in rows if row.verdict is Verdict.HOLDS and row.tightness is not None]
    tightest = max(held, key=lambda row: row.tightness or 0.0, default=None)
    return {
        "rows": len(rows),
        **counts,
        "verdict": next(verdict.value for verdict in _URGENCY if counts[verdict.value]),
        "tightness": float("nan") if tightest is None else tightest.tightness,
        "row_id": "" if tightest is None else tightest.row_id,
    }


def tightness_figure(rows: Sequence[Row]) -> Figure:
    """Figure `tightness`."""
    frame = tightness_frame(rows)
    caption = (
        "Each statement (down) on each task (across). A shaded cell holds; its number is the largest measured / "
        "predicted of its rows, darker is tighter. Other cells carry the mark of their verdict; an empty cell "
        "is not in the plan."
    )
    held = frame[frame["verdict"] == Verdict.HOLDS]
    caption += f" Of {len(frame)} cells {len(held)} hold, {int((held['tightness'] >= _NEARLY).sum())} of them with a"
    caption += f" ratio of {_NEARLY:g} or more."
    alt = f"Table of {frame['bound'].nunique()} statements by {frame['task'].nunique()} tasks. "
    counts = {v.value.lower().replace("_", " "): int((frame["verdict"] == v.value).sum()) for v in Verdict}
    alt += "Cells: " + ", ".join(f"{count} {words}" for words, count in counts.items() if count) + "."
    if held["tightness"].notna().any():
        top = held.loc[held["tightness"].idxmax()]
        alt += f" The tightest is {top['bound']} on {top['task']} with {short(float(top['tightness']))}."
    return Figure("tightness", "Verdicts and tightness, statements by tasks", caption, alt, frame, draw_tightness)


@styled
def draw_tightness(frame: pd.DataFrame) -> Drawing:
    """The table of `tightness_frame` as shaded cells with numbers and marks."""
    bounds, tasks = list(dict.fromkeys(frame["bound"])), _task_order(frame)
    cell_height = 0.185
    drawing = canvas(TEXT, 1.35 + cell_height * len(bounds))
    axes = drawing.subplots()
    for cell in frame.to_dict("records"):
        _draw_cell(axes, tasks.index(cell["task"]), bounds.index(cell["bound"]), cell)
    axes.set_xlim(-0.5, len(tasks) - 0.5)
    axes.set_ylim(len(bounds) - 0.5, -0.5)
    axes.set_xticks(
        range(len(tasks)), [_clipped(task) for task in tasks], rotation=35, ha="left", rotation_mode="anchor"
    )
    axes.set_yticks(range(len(bounds)), [_clipped(bound) for bound in bounds])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    legend = {str(handle.get_label()): handle for handle in _legend(frame)}
    legend_above(drawing, legend, place="outside lower left", handlelength=1.6)
    return drawing


def _clipped(name: str) -> str:
    """A name short enough for the margin, without a dollar sign that mathtext would read."""
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1] + "…"


def _task_order(frame: pd.DataFrame) -> list[str]:
    """Ordinary tasks first, witnesses after them, each as they first appear."""
    return sorted(dict.fromkeys(frame["task"]), key=lambda task: str(task).startswith("witness-"))


def _draw_cell(axes: Axes, x: int, y: int, cell: dict) -> None:
    verdict = Verdict(cell["verdict"])
    if verdict is Verdict.HOLDS:
        shade, text = _shades(cell["tightness"])
        axes.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, facecolor=shade, linewidth=0, clip_on=False))
        axes.text(x, y + 0.02, _compact(cell["tightness"]), ha="center", va="center", color=text, fontsize=points(6.5))
        return
    marker, color, _ = _MARKS[verdict]
    face = color if verdict is Verdict.VIOLATED else "none"
    axes.plot(
        [x],
        [y],
        marker=marker,
        color=color,
        markerfacecolor=face,
        markersize=5.5,
        markeredgewidth=0.8,
        linestyle="none",
    )


def _shades(tightness: float) -> tuple[str, str]:
    """Cell colour from pale to dark blue on a logarithmic scale, and a text colour that contrasts with it."""
    place = 0.0
    if tightness > 0:
        place = float(np.clip(1 - np.log10(tightness) / np.log10(_LOWEST), 0.0, 1.0))
    color = matplotlib.colormaps["Blues"](0.12 + 0.83 * place)
    return to_hex(color), "#ffffff" if place > 0.55 else "#111111"


def _compact(tightness: float) -> str:
    """A tightness in at most five characters.

    >>> _compact(0.934), _compact(0.0123), _compact(0.00034), _compact(0.0)
    ('0.93', '0.012', '3e-4', '0')
    """
    if not np.isfinite(tightness):
        return "holds"
    if tightness == 0:
        return "0"
    if tightness >= 0.0995:
        return f"{tightness:.2f}"
    return f"{tightness:.3f}" if tightness >= 0.00995 else f"{tightness:.0e}".replace("e-0", "e-")


def _legend(frame: pd.DataFrame) -> list[Rectangle | Line2D]:
    handles: list[Rectangle | Line2D] = [
        Rectangle((0, 0), 1, 1, facecolor=_shades(tightness)[0], label=label)
        for tightness, label in (
            (1.0, "holds, ratio 1"),
            (0.1, "0.1"),
            (0.01, "0.01"),
            (_LOWEST, f"{_LOWEST:g} or less"),
        )
    ]
    for verdict, (marker, color, label) in _MARKS.items():
        if (frame["verdict"] == verdict.value).any():
            face = color if verdict is Verdict.VIOLATED else "none"
            handles.append(
                Line2D(
                    [],
                    [],
                    linestyle="none",
                    marker=marker,
                    color=color,
                    markerfacecolor=face,
                    markeredgewidth=0.8,
                    label=label,
                )
            )
    return handles
