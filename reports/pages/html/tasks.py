"""The section on tasks: words, constants with their sides, and a small drawing where a plane can show the losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
from markupsafe import Markup

from reports.analyses.described import Picture, Surface, TaskView
from reports.judging.rows import StatedConstant
from reports.pages.html.formulas import inline
from reports.pages.html.numerals import number
from reports.pages.html.row_details import bounded, unsafe
from theory.language.symbols import KNOWN

_WIDTH, _HEIGHT = 132, 84
_LEVELS = 9


@dataclass(frozen=True)
class Entry:
    """A task on the page: its view, its constants in words, and its drawing with what that shows; '' without one."""

    view: TaskView
    constants: list[Markup]
    drawing: Markup
    shown: str


def task_entries(views: Sequence[TaskView]) -> list[Entry]:
    """The entries, in order."""
    return [_entry(view) for view in views]


def _entry(view: TaskView) -> Entry:
    constants = [_constant(name, values) for name, values in view.constants.items()]
    return Entry(view, constants, *drawn(view.picture))


def drawn(picture: Picture | Surface | None) -> tuple[Markup, str]:
    """A small drawing, its lines of the classes `agent` and `mean`, and what it shows; nothing of nothing."""
    if isinstance(picture, Picture):
        agents = len(picture.losses)
        every = "the loss" if agents == 1 else f"the losses of its {agents} agents and, bold, their mean"
        return _curves(picture), f"{every} over {_range(picture.x)}"
    if isinstance(picture, Surface):
        return _contours(picture), f"level lines of the mean loss over {_range(picture.x)} × {_range(picture.y)}"
    return Markup(""), ""


def _constant(name: str, values: Sequence[StatedConstant]) -> Markup:
    """A constant with its side; where it depends on the ball on which it is stated, its smallest and largest value."""
    low, high = (choose(values, key=lambda one: one.value) for choose in (min, max))
    reach = "" if low == high else f" to {number(high.value, 6)} by the ball"
    doubt = " (an estimate that never certifies)" if unsafe(name, low) else ""
    return inline(KNOWN[name].record.latex) + f" {bounded(low)}{reach}{doubt}"


def _range(values: Sequence[float]) -> str:
    return f"[{number(values[0], 3)}, {number(values[-1], 3)}]"


def _curves(picture: Picture) -> Markup:
    mean = np.mean(picture.losses, axis=0).tolist()
    curves = [*picture.losses, mean] if len(picture.losses) > 1 else [mean]
    low, high = min(map(min, curves)), max(map(max, curves))
    paths = [
        _path([(_place(x, picture.x, _WIDTH), _HEIGHT - 4 - _share(y, low, high) * (_HEIGHT - 8))
               for x, y in zip(picture.x, curve, strict=True)], "mean" if curve is mean else "agent")
        for curve in curves
    ]  # fmt: skip
    return _drawing(paths)


def _contours(surface: Surface) -> Markup:
    loss = np.array(surface.loss)
    levels = np.quantile(loss, np.linspace(0, 1, _LEVELS + 2)[1:-1])
    lines = contourpy.contour_generator(surface.x, surface.y, loss)
    paths = [
        _path(
            [(_place(x, surface.x, _WIDTH), _HEIGHT - _place(y, surface.y, _HEIGHT)) for x, y in np.asarray(line)],
            "agent",
        )
        for level in levels
        for line in lines.lines(level)
    ]
    return _drawing(paths)


def _place(value: float, values: Sequence[float], length: float) -> float:
    return _share(value, values[0], values[-1]) * length


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def _path(points: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<path class="{kind}" d="M{" ".join(f"{x:.1f} {y:.1f}" for x, y in points)}"/>'


def _drawing(paths: Sequence[str]) -> Markup:
    return Markup(f'<svg class="losses" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">{"".join(paths)}</svg>')
