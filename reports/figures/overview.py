"""Every statement on every task at a glance: its verdict, and how tight it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from reports.figures.by_steps import is_witness
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import short
from reports.figures.looks import FAINT, INK, Look
from reports.figures.panels import legend_above
from reports.figures.selection import distinct, lines, only
from reports.figures.style import TEXT, canvas, points, room, styled
from reports.judging.frames import statement_order
from reports.judging.rows import Row, Verdict

# the verdict a cell shows, most urgent first: a violation is never hidden behind a row that holds
_URGENCY = (Verdict.VIOLATED, Verdict.HOLDS, Verdict.INCONCLUSIVE, Verdict.VACUOUS, Verdict.NOT_APPLICABLE)
_MARKS = {
    Verdict.VIOLATED: Look("violated", "#c0271a", "none", "X"),
    Verdict.INCONCLUSIVE: Look("inconclusive", INK, "none", "$?$", filled=False),
    Verdict.VACUOUS: Look("vacuous", INK, "none", "o", filled=False),
    Verdict.NOT_APPLICABLE: Look("not applicable", FAINT, "none", "_", filled=False),
}
_NO_RATIO = Look("holds, has no ratio", "#083471", "none", "$\\checkmark$")
_LONGEST_NAME = 24
_NEARLY = 0.9  # a bound that is nearly attained
# shades of a cell by the least tightness that has them, and the ink on them: far enough apart in lightness for grey
# print (L* of about 23, 42, 58, 75, 92), which a continuous scale of one hue is not
_SHADES = (
    (_NEARLY, f"holds, {_NEARLY:g} or more", "#083471", "#ffffff"),
    (0.3, "0.3 or more", "#1865ac", "#ffffff"),
    (0.1, "0.1 or more", "#4292c6", "#000000"),
    (0.01, "0.01 or more", "#8cc0dd", "#000000"),
    (-np.inf, "less", "#dceaf6", "#000000"),
)
_CELL_HEIGHT, _LOW_CELL_HEIGHT, _MARGIN = 0.185, 0.145, 0.9  # inches of the house page
_NUMBER_ROOM = 0.2  # inches of the house page that a cell must be wide for its number


def tightness_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One line per (statement, task) with rows: counts per verdict, the cell's verdict, and its tightest HOLDS row.

    The cell's verdict is VIOLATED if any row is, else HOLDS if any row is, else the first of INCONCLUSIVE, VACUOUS,
    NOT_APPLICABLE that occurs.
    """
    if not rows:
        raise MissingDataError("no rows")
    cells: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        cells.setdefault((row.bound, row.task), []).append(row)
    places = product(statement_order(rows), dict.fromkeys(row.task for row in rows))
    return pd.DataFrame(
        [
            {"bound": bound, "task": task, **_cell(cells[bound, task])}
            for bound, task in places
            if (bound, task) in cells
        ]
    )


def _cell(rows: Sequence[Row]) -> dict[str, object]:
    counts = {verdict.value: sum(row.verdict is verdict for row in rows) for verdict in Verdict}
    best = tightest(rows)
    return {
        "rows": len(rows),
        **counts,
        "verdict": next(verdict.value for verdict in _URGENCY if counts[verdict.value]),
        "tightness": float("nan") if best is None else best.tightness,
        "row_id": "" if best is None else best.row_id,
    }


def tightest(rows: Iterable[Row]) -> Row | None:
    """The row that holds with the largest tightness, the first of equals; None where none holds."""
    held = [row for row in rows if row.verdict is Verdict.HOLDS and row.tightness is not None]
    return max(held, key=lambda row: row.tightness or 0.0, default=None)


def tightness_figure(rows: Sequence[Row]) -> Figure:
    """Figure `tightness`: the table of all statements and tasks, about no statement in particular.

    Raises MissingDataError without rows.
    """
    frame = tightness_frame(rows)
    held = lines(only(frame, verdict=Verdict.HOLDS.value))
    nearly = [cell for cell in held if cell["tightness"] >= _NEARLY]
    caption = (
        "Each statement (down) on each task (across). A shaded cell holds; darker is tighter, by the largest measured "
        "/ predicted of its rows, whose number it carries where it is wide enough. Other cells carry the mark of their "
        "verdict; an empty cell "
        f"is not in the plan. Of {len(frame)} cells {len(held)} hold, {len(nearly)} of them with a ratio of "
        f"{_NEARLY:g} or more."
    )
    counts = {v.value.lower().replace("_", " "): len(only(frame, verdict=v.value)) for v in Verdict}
    alt = f"Table of {frame['bound'].nunique()} statements by {frame['task'].nunique()} tasks. "
    alt += "Cells: " + ", ".join(f"{count} {words}" for words, count in counts.items() if count) + "."
    known = [cell for cell in held if np.isfinite(cell["tightness"])]
    if known:
        top = max(known, key=lambda cell: cell["tightness"])
        alt += f" The tightest is {top['bound']} on {top['task']} with {short(top['tightness'])}."
    return Figure("tightness", "Verdicts and tightness, statements by tasks", caption, alt, frame, draw_tightness)


@styled
def draw_tightness(frame: pd.DataFrame) -> Drawing:
    """The table of `tightness_frame` as shaded cells with numbers and marks."""
    # ordinary tasks first, witnesses after them, each as they first appear
    bounds, tasks = distinct(frame, "bound"), sorted(distinct(frame, "task"), key=is_witness)
    wide = (room() - _MARGIN) / len(tasks) >= _NUMBER_ROOM
    drawing = canvas(TEXT, 1.35 + (_CELL_HEIGHT if wide else _LOW_CELL_HEIGHT) * len(bounds))
    axes = drawing.subplots()
    shaded: dict[str, list[tuple[int, int]]] = {shade: [] for *_, shade, _ in _SHADES}
    for cell in lines(frame):
        x, y = tasks.index(cell["task"]), bounds.index(cell["bound"])
        if mark := _mark(cell):
            axes.plot([x], [y], **mark.keywords(markersize=5.5 if wide else 3.5))
            continue
        shade, ink = _shade(cell["tightness"])
        shaded[shade].append((x, y))
        if wide:
            number = _compact(cell["tightness"])
            axes.text(x, y + 0.02, number, ha="center", va="center", color=ink, fontsize=points(6.5))
    for shade, places in shaded.items():
        axes.add_patch(PathPatch(_cells(places), facecolor=shade, linewidth=0, clip_on=False))
    axes.set_xlim(-0.5, len(tasks) - 0.5)
    axes.set_ylim(len(bounds) - 0.5, -0.5)
    slant = {"rotation": 35, "ha": "left"} if wide else {"rotation": 90, "ha": "center"}
    axes.set_xticks(
        range(len(tasks)), [_clipped(task) for task in tasks], rotation_mode="anchor" if wide else None, **slant
    )
    axes.set_yticks(range(len(bounds)), [_clipped(bound) for bound in bounds])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    if not wide:
        axes.tick_params(labelsize=points(6.5))
    axes.spines[:].set_visible(False)
    legend_above(drawing, _legend(frame), place="outside lower left", handlelength=1.6)
    return drawing


def _cells(places: Sequence[tuple[int, int]]) -> Path:
    """The cells of one shade as one path: a file has it once."""
    corners = np.array([(-0.47, -0.45), (0.47, -0.45), (0.47, 0.45), (-0.47, 0.45), (0.0, 0.0)])
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(places)
    return Path(np.concatenate([np.empty((0, 2)), *(corners + place for place in places)]), codes or None)


def _clipped(name: str) -> str:
    """A name short enough for the margin, without a dollar sign that mathtext would read."""
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1] + "…"


def _mark(cell: dict[str, Any]) -> Look | None:
    """The mark of a cell that does not hold, or whose ratio means nothing; none where a shade stands for the ratio."""
    if (verdict := Verdict(cell["verdict"])) is not Verdict.HOLDS:
        return _MARKS[verdict]
    return None if np.isfinite(cell["tightness"]) else _NO_RATIO


def _shade(tightness: float) -> tuple[str, str]:
    """The colour of a cell and of the number in it."""
    return next((shade, ink) for least, _, shade, ink in _SHADES if tightness >= least)


def _compact(tightness: float) -> str:
    """A tightness in at most five characters; a net ratio may be negative.

    >>> _compact(0.934), _compact(0.0123), _compact(0.00034), _compact(0.0), _compact(-4.4)
    ('0.93', '0.012', '3e-4', '0', '< 0')
    """
    if tightness <= 0:
        return "< 0" if tightness < 0 else "0"
    if tightness >= 0.0995:
        return f"{tightness:.2f}"
    return f"{tightness:.3f}" if tightness >= 0.00995 else f"{tightness:.0e}".replace("e-0", "e-")


def _legend(frame: pd.DataFrame) -> dict[str, Artist]:
    handles: dict[str, Artist] = {words: Rectangle((0, 0), 1, 1, facecolor=shade) for _, words, shade, _ in _SHADES}
    occurring = [mark for cell in lines(frame) if (mark := _mark(cell))]
    marks = [mark for mark in (*_MARKS.values(), _NO_RATIO) if mark in occurring]
    return handles | {mark.label: Line2D([], [], **mark.keywords()) for mark in marks}
