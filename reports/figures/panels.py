"""What panels share: logarithmic axes, ticks, labels at the ends of lines, one legend for a whole drawing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FixedLocator, Formatter, NullLocator
from numpy.typing import ArrayLike

from reports.figures.style import points, small_type

# in type sizes: the mean width of a letter of the widest type, Computer Modern; the space around a legend's handle
_LETTER, _LEGEND_PADDING = 0.52, 2.2
_MINOR_DECADES = 1e3  # a logarithmic axis over a wider range has marks at the powers of ten only


def log_limits(axes: Axes, *series: ArrayLike, room: float = 1.6) -> None:
    """Make the y axis of `axes` logarithmic, just wide enough for every positive value given: nothing is cut off."""
    values = np.concatenate([np.asarray(one, dtype=float).ravel() for one in series])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size == 0:
        return
    axes.set_yscale("log")
    axes.set_ylim(float(values.min()) / room, float(values.max()) * room)
    if values.max() > _MINOR_DECADES * values.min():
        axes.yaxis.set_minor_locator(NullLocator())


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], *, x: float = 1.02, gap: float = 0.085) -> None:
    """Write labels into `axes` beside the right end of lines, pushed apart: (y in data, text, colour) each."""
    to_axes = axes.transData + axes.transAxes.inverted()
    left = axes.get_xlim()[1]
    placed = [(float(to_axes.transform((left, y))[1]), text, color) for y, text, color in ends if isfinite(y) and y > 0]
    placed.sort(key=lambda item: item[0])
    heights = spread([height for height, _, _ in placed], gap)
    for height, (_, text, color) in zip(heights, placed, strict=True):
        axes.text(x, height, text, color=color, transform=axes.transAxes, va="center", ha="left", fontsize=points(7.5))


def legend_above(
    drawing: Drawing, handles: Mapping[str, Artist], *, place: Any = "outside upper left", handlelength: float = 2.4
) -> None:
    """Give `drawing` one legend for all panels, in as many columns as its width has room for."""
    room = 72 * float(drawing.get_figwidth()) / small_type()  # in units of the type size
    widths = [handlelength + _LEGEND_PADDING + _LETTER * _letters(label) for label in handles]
    columns = next((n for n in range(len(widths), 1, -1) if _spanned(widths, n) <= room), 1)
    drawing.legend(
        list(handles.values()), list(handles), loc=place, ncols=columns, columnspacing=1.4, handlelength=handlelength
    )


def _letters(label: str) -> int:
    """How many letters a label is wide: a command of a formula is one, braces and dollar signs none."""
    return len(re.sub(r"[${}^_]", "", re.sub(r"\\[A-Za-z]+", "x", label)))


def _spanned(widths: Sequence[float], columns: int) -> float:
    """The width of a legend, filled column by column, each as wide as its widest label."""
    return sum(float(part.max()) for part in np.array_split(np.asarray(widths), columns))


def common_legend(drawing: Drawing, order: Sequence[str] = ()) -> None:
    """Give `drawing` one legend of what its panels label, in the order given or that of first appearance."""
    handles: dict[str, Artist] = {}
    for axes in drawing.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    legend_above(drawing, {name: handles[name] for name in order or handles if name in handles})


def panel_grid(drawing: Drawing, count: int, columns: int, **shared: Any) -> list[Axes]:
    """Fill `drawing` with so many panels in at most so many columns, row by row; shared: as of Figure.subplots."""
    columns = min(columns, count)
    grid = drawing.subplots(-(-count // columns), columns, squeeze=False, **shared).ravel()
    for axes in grid[count:]:
        axes.set_visible(False)
    return list(grid[:count])


def fixed_ticks(axes: Axes, places: Sequence[float], formatter: Formatter) -> None:
    """Mark exactly these places on the x axis of `axes`."""
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(formatter)


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Sorted heights moved apart to neighbours at least a gap apart, inside [0, 1] as far as they fit.

    >>> spread([0.5, 0.5], 0.25)
    [0.375, 0.625]
    >>> spread([1.0, 1.0, 1.0], 0.25)
    [0.375, 0.625, 0.875]
    """
    moved = list(heights)
    for _ in range(200):
        for i in range(len(moved) - 1):
            lack = gap - (moved[i + 1] - moved[i])
            if lack > 1e-9:
                moved[i] -= lack / 2
                moved[i + 1] += lack / 2
    ceiling = 1 - gap / 2
    for i in reversed(range(len(moved))):
        moved[i] = min(moved[i], ceiling)
        ceiling = moved[i] - gap
    floor = gap / 2
    for i in range(len(moved)):
        moved[i] = max(moved[i], floor)
        floor = moved[i] + gap
    return moved
