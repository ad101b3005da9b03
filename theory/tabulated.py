"""A quantity over a grid of inputs: as text, CSV, Markdown, LaTeX, JSON, and as a drawing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from theory.enclosure.evaluation import Point
from theory.language.errors import InputError
from theory.language.grids import varied
from theory.text import evaluation_json
from theory.views import Quantity

SUFFIXES = (".pdf", ".svg", ".png")


def table_text(quantity: Quantity, points: Sequence[Point]) -> str:
    """Aligned columns: the inputs that vary, and the value; why there is none stands in its place."""
    head, lines = _cells(quantity, points)
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    shown = [[one.rjust(width) for one, width in zip(line[:-1], widths, strict=False)] for line in (head, *lines)]
    return "\n".join("  ".join([*cells, line[-1]]) for cells, line in zip(shown, (head, *lines), strict=True))


def table_csv(quantity: Quantity, points: Sequence[Point]) -> str:
    """Every input, the value with 25 digits, and why there is none."""
    keys = list(points[0].inputs)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*keys, quantity.name, "reason"])
    for point in points:
        writer.writerow([*(point.inputs[key] for key in keys), _digits(point), point.reason])
    return file.getvalue().rstrip("\n")


def table_markdown(quantity: Quantity, points: Sequence[Point]) -> str:
    """A table of GitHub's Markdown."""
    head, lines = _cells(quantity, points)
    rule = ["---:"] * len(head)
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in (head, rule, *lines))


def table_latex(quantity: Quantity, points: Sequence[Point], symbols: Mapping[str, Any]) -> str:
    """A tabular whose head has the symbols of the theory; a dash where there is no value."""
    keys = varied(point.inputs for point in points)
    known = [symbols[key].record.latex if key in symbols else rf"\text{{{key}}}" for key in keys]
    head = " & ".join(f"${one}$" for one in (*known, quantity.formula.symbol.record.latex))
    rows = [" & ".join([*(str(point.inputs[key]) for key in keys), _latex_number(point.value)]) for point in points]
    rows = [rf"{row} \\" for row in rows]
    return "\n".join(
        [rf"\begin{{tabular}}{{{'r' * (len(keys) + 1)}}}", r"\hline", rf"{head} \\", r"\hline", *rows, r"\hline",
         r"\end{tabular}"]
    )  # fmt: skip


def table_json(points: Sequence[Point]) -> list[dict[str, Any]]:
    """By point its inputs and what `eval --json` says there; numbers are decimal strings."""
    return [
        {"inputs": {key: str(value) for key, value in point.inputs.items()}, "reason": point.reason}
        | ({"value": None} if point.outcome is None else evaluation_json(point.outcome))
        for point in points
    ]


def draw(quantity: Quantity, points: Sequence[Point], file: Path) -> None:
    """The values over the key that has most of them, one line for each combination of the other keys.

    Raises:
        InputError: nothing varies, no number varies, no point has a value, or the file cannot be written.
    """
    if file.suffix not in SUFFIXES:
        raise InputError(f"--plot {file}: expected a name that ends in {', '.join(SUFFIXES)}")
    keys = varied(point.inputs for point in points)
    numeric = [key for key in keys if all(_number(point.inputs[key]) is not None for point in points)]
    if not numeric:
        raise InputError("nothing to plot: expected a number with several values, such as nu=0..10")
    if all(point.value is None for point in points):
        raise InputError(f"nothing to plot: {points[0].reason}")
    x = max(numeric, key=lambda key: len({str(point.inputs[key]) for point in points}))
    others = [key for key in keys if key != x]
    series: dict[str, list[tuple[float, float]]] = {}
    for point in points:
        place, label = _number(point.inputs[x]), ", ".join(f"{key} = {point.inputs[key]!s}" for key in others)
        if place is not None:
            series.setdefault(label, []).append((place, float("nan") if point.value is None else point.value))
    _write(series, x, quantity, file)


def _write(series: Mapping[str, list[tuple[float, float]]], x: str, quantity: Quantity, file: Path) -> None:
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(5.0, 3.2), layout="constrained")
    axes = drawing.subplots()
    for label, places in series.items():
        axes.plot(*zip(*sorted(places), strict=True), marker="o", markersize=3, label=label or None)
    if all(value > 0 for places in series.values() for _, value in places if value == value):
        axes.set_yscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(f"{quantity.name} [{quantity.unit}]")
    if any(series):
        axes.legend()
    try:
        drawing.savefig(file)
    except OSError as error:
        raise InputError(f"--plot {file}: cannot be written: {error.strerror}") from None


def _cells(quantity: Quantity, points: Sequence[Point]) -> tuple[list[str], list[list[str]]]:
    keys = varied(point.inputs for point in points)
    lines = [[*(str(point.inputs[key]) for key in keys), _short(point)] for point in points]
    return [*keys, quantity.name], lines


def _short(point: Point) -> str:
    return f"none: {point.reason}" if point.value is None else f"{point.value:.10g}"


def _digits(point: Point) -> str:
    return "" if point.outcome is None or point.outcome.digits is None else point.outcome.digits


def _latex_number(value: float | None) -> str:
    if value is None:
        return "--"
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$" if exponent else f"${mantissa}$"


def _number(value: object) -> float | None:
    try:
        return float(Fraction(str(value)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
