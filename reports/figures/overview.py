"""Every statement on every task at a glance: its verdict, and how tight it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from reports.figures.by_steps import is_witness
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import short
from reports.figures.looks import FAINT, INK, Look
from reports.figures.panels import legend_above
from reports.figures.selection import distinct, lines, only
from reports.figures.style import TEXT, canvas, points, styled
from reports.judging.closeness import tightest
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


def tightness_figure(rows: Sequence[Row]) -> Figure:
    """Figure `tightness`: the table of all statements and tasks, about no statement in particular.

    Raises MissingDataError without rows.
    """
    frame = tightness_frame(rows)
    held = lines(only(frame, verdict=Verdict.HOLDS.value))
    nearly = [cell for cell in held if cell["tightness"] >= _NEARLY]
    caption = (
        "Each statement (down) on each task (across). A shaded cell holds; its number is the largest measured / "
        "predicted of its rows, darker is tighter. Other cells carry the mark of their verdict; an empty cell "
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
    cell_height = 0.185
    drawing = canvas(TEXT, 1.35 + cell_height * len(bounds))
    axes = drawing.subplots()
    for cell in lines(frame):
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
    legend_above(drawing, _legend(frame), place="outside lower left", handlelength=1.6)
    return drawing


def _clipped(name: str) -> str:
    """A name short enough for the margin, without a dollar sign that mathtext would read."""
    plain = name.replace("$", r"\$")
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1] + "…"


def _draw_cell(axes: Axes, x: int, y: int, cell: dict[str, Any]) -> None:
    """Draw into `axes` one cell of the table: a shade with a number where it holds, else the mark of its verdict."""
    verdict = Verdict(cell["verdict"])
    if verdict is Verdict.HOLDS:
        shade, text = _shades(cell["tightness"])
        axes.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, facecolor=shade, linewidth=0, clip_on=False))
        axes.text(x, y + 0.02, _compact(cell["tightness"]), ha="center", va="center", color=text, fontsize=points(6.5))
        return
    axes.plot([x], [y], **_MARKS[verdict].keywords(markersize=5.5))


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


def _legend(frame: pd.DataFrame) -> dict[str, Artist]:
    shades = {"holds, ratio 1": 1.0, "0.1": 0.1, "0.01": 0.01, f"{_LOWEST:g} or less": _LOWEST}
    handles: dict[str, Artist] = {
        label: Rectangle((0, 0), 1, 1, facecolor=_shades(tightness)[0]) for label, tightness in shades.items()
    }
    occurring = distinct(frame, "verdict")
    marks = {look.label: Line2D([], [], **look.keywords()) for verdict, look in _MARKS.items() if verdict in occurring}
    return handles | marks
