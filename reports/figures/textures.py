"""Bars that grey print tells apart: a texture of few strokes, where a hatch would repeat its tile in every file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerBase
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.transforms import Transform

Strokes = list[list[tuple[float, float]]]


@dataclass(frozen=True)
class Texture:
    r"""The colour of a bar, the kind of its strokes (none, / up, \ down, x both, - along, | across), and their ink."""

    color: str
    kind: str = ""
    ink: str = "white"

    def draw(self, axes: Axes, left: float, right: float, middle: float, height: float, spacing: float) -> None:
        """Put a bar into `axes`, in units of its data; spacing: between strokes."""
        low = middle - height / 2
        for patch in self.patches(left, low, right - left, height, spacing):
            axes.add_patch(patch)

    def patches(self, x: float, y: float, width: float, height: float, spacing: float) -> list[Any]:
        """The bar and its strokes."""
        bar = Rectangle((x, y), width, height, facecolor=self.color, edgecolor="white", linewidth=0.3, clip_on=False)
        lines = [[(x + u * width, y + v * height) for u, v in line] for line in self._strokes(width / spacing)]
        if not lines:
            return [bar]
        codes = [Path.MOVETO, Path.LINETO] * len(lines)
        path = Path(np.array(lines).reshape(-1, 2), codes)
        return [bar, PathPatch(path, facecolor="none", edgecolor=self.ink, linewidth=0.6, clip_on=False)]

    def _strokes(self, length: float) -> Strokes:
        """Strokes in the unit square of a bar that is so many spacings long."""
        lines: Strokes = []
        if self.kind == "-":
            lines += [[(0.0, v), (1.0, v)] for v in (0.3, 0.7)]
        if self.kind == "|":
            lines += [[(u / length, 0.0), (u / length, 1.0)] for u in np.arange(0.5, length).tolist()]
        if self.kind in ("/", "x"):
            lines += _slanted(length)
        if self.kind in ("\\", "x"):
            lines += [[(u, 1 - v) for u, v in line] for line in _slanted(length)]
        return lines


def _slanted(length: float) -> Strokes:
    """Strokes that rise through the bar over one spacing, cut where the bar ends."""
    found: Strokes = []
    for start in np.arange(-0.5, length).tolist():
        low, high = max(start, 0.0), min(start + 1, length)
        if low < high:
            found.append([(low / length, low - start), (high / length, high - start)])
    return found


class _Handler(HandlerBase):
    """The handle of a texture in a legend: a short bar of it."""

    def create_artists(
        self, legend: Legend, orig_handle: Artist, xdescent: float, ydescent: float, width: float, height: float,
        fontsize: float, trans: Transform,
    ) -> Iterator[Artist]:  # fmt: skip
        patches = orig_handle.texture.patches(-xdescent, -ydescent, width, height, width / 4)  # type: ignore[attr-defined]
        for patch in patches:
            patch.set_transform(trans)
        return patches


class Handle(Rectangle):
    """What a legend shows for a texture."""

    def __init__(self, texture: Texture) -> None:
        super().__init__((0, 0), 1, 1)
        self.texture = texture


Legend.update_default_handler_map({Handle: _Handler()})
