"""Exponents: bound and truth on their fixed windows, with the fitted lines (T5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, StrMethodFormatter

from reports.analyses.suite_file import Exponent
from reports.figures.figure import Figure, MissingDataError
from reports.figures.labels import axis_label, printed, symbol, unit
from reports.figures.looks import MEASURED, PREDICTED
from reports.figures.panels import fixed_ticks, legend_above, log_limits, panel_grid
from reports.figures.selection import groups, lines, values
from reports.figures.style import TEXT, beside, canvas, points, styled

_COLUMNS, _LEAST = 5, 1.3  # panels side by side, and the inches that one needs
_FITS = {"measured": MEASURED, "predicted": PREDICTED}
_KEY = ["statement", "what", "variable"]


def exponent_frame(found: Sequence[Exponent]) -> pd.DataFrame:
    """One line per fitted point: the variable's value, bound and truth there, and the slopes of the series."""
    fitted_points = [
        {
            **exponent.model_dump(exclude={"points", "predicted", "measured"}),
            "slope_measured": exponent.measured,
            "slope_predicted": exponent.predicted,
            "x": x,
            "measured": measured,
            "predicted": predicted,
        }
        for exponent in found
        for x, measured, predicted in exponent.points
    ]
    if not fitted_points:
        raise MissingDataError("no exponents were fitted")
    return pd.DataFrame(fitted_points)


def fitted(series: pd.DataFrame, column: str) -> np.ndarray:
    """The least-squares line of a series at its points: through the mean of the logarithms, with the fitted slope."""
    first, x = lines(series)[0], values(series, "x")
    x, y = x if first["exponential"] else np.log(x), np.log(values(series, column))
    return np.exp(y.mean() + first[f"slope_{column}"] * (x - x.mean()))


def exponent_figure(found: Sequence[Exponent]) -> Figure:
    """Figure `slopes`: a panel a fitted exponent, whose caption names those that depart from the bound's.

    Raises MissingDataError where none was fitted.
    """
    frame = exponent_frame(found)
    series = [lines(group)[0] for _, group in groups(frame, _KEY)]
    faster = [line for line in series if line["finding"] != "as the bound says"]
    caption = (
        "Exponents of the bounds (squares) and of what is measured (dots) with their least-squares lines, each on the "
        "window that was fixed before anything was run; those against fine-tuning steps are slopes of the logarithm "
        "per step. Points are exact, no sampling is involved."
    )
    if faster:
        caption += " The truth departs from the bound's exponent in " + _listed(
            f"{line['statement']} ({line['what'].replace(',', '')} in {symbol(line['variable'])}: "
            f"${line['slope_measured']:.2f}$ against ${line['slope_predicted']:.2f}$)"
            for line in faster
        )
        caption += "; in the other panels both exponents agree."
    alt = f"{len(series)} logarithmic panels with fitted lines. " + " ".join(
        f"{line['statement']}, {line['what']} against {line['variable']}: bound {line['slope_predicted']:.3f}, "
        f"measured {line['slope_measured']:.3f} ({line['low']:.3f} to {line['high']:.3f})."
        for line in series
    )
    return Figure("slopes", "Exponents on their windows", caption, alt, frame, draw_exponents)


def _listed(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


@styled
def draw_exponents(frame: pd.DataFrame) -> Drawing:
    """One panel per series of `exponent_frame`."""
    series = [group for _, group in groups(frame, _KEY)]
    columns = beside(len(series), _LEAST, _COLUMNS)
    drawing = canvas(TEXT, 0.35 + (1.75 if columns == _COLUMNS else 1.45) * -(-len(series) // columns))
    for axes, group in zip(panel_grid(drawing, len(series), columns), series, strict=True):
        _panel(axes, group)
    handles = {"measured, and its fit": MEASURED, "bound, and its fit": PREDICTED}
    legend_above(drawing, {label: Line2D([], [], **look.keywords(markersize=3)) for label, look in handles.items()})
    return drawing


def _panel(axes: Axes, group: pd.DataFrame) -> None:
    """Draw into `axes` both series of one exponent, their fitted lines, and the fitted laws above the panel."""
    first = lines(group)[0]
    # the exponents stand above the panel as powers of the variable, each beside the marker of its points
    for place, (column, look) in zip((0.03, 0.57), _FITS.items(), strict=True):
        axes.plot(group["x"], group[column], **look.points(markersize=3))
        axes.plot(group["x"], fitted(group, column), color=look.color, linewidth=0.8)
        axes.plot([place], [1.07], **look.points(markersize=3, transform=axes.transAxes, clip_on=False))
        law = _power(first, first[f"slope_{column}"])
        axes.text(place + 0.06, 1.02, law, color=look.color, transform=axes.transAxes, fontsize=points(7.5))
    log_limits(axes, group["measured"], group["predicted"], room=2.0)
    axes.yaxis.set_major_locator(LogLocator(numticks=4))
    axes.yaxis.set_minor_locator(NullLocator())
    _abscissa(axes, first, sorted(group["x"]))
    what = first["what"].split(", ")[0] if first["exponential"] else first["what"]
    axes.set_title(f"{printed(first['statement'])}  {what}", pad=13, fontsize=points(7))
    axes.set_ylabel(unit(first["quantity"]), fontsize=points(7), labelpad=1)
    axes.tick_params(labelsize=points(6.5))


def _power(line: dict[str, Any], slope: float) -> str:
    """The fitted law up to its constant."""
    variable = symbol(line["variable"]).strip("$")
    return f"$e^{{{slope:.2f}\\,{variable}}}$" if line["exponential"] else f"${variable}^{{{slope:.2f}}}$"


def _abscissa(axes: Axes, line: dict[str, Any], x: list[float]) -> None:
    """Scale, mark and label the x axis of `axes` for the values of a variable."""
    axes.set_xlabel(axis_label("", line["variable"]), fontsize=points(7), labelpad=1)
    if line["exponential"]:
        axes.set_xlim(x[0] - 0.3, x[-1] + 0.3)
        fixed_ticks(axes, x, StrMethodFormatter("{x:g}"))
        return
    axes.set_xscale("log", base=2)
    axes.set_xlim(x[0] / 1.25, x[-1] * 1.25)
    fixed_ticks(axes, x[:: max(1, -(-len(x) // 4))], FuncFormatter(lambda value, _: _two(value)))


def _two(value: float) -> str:
    """A power of two as a power where it is small, else as a number."""
    return f"{value:g}" if value >= 1 else f"$2^{{{round(np.log2(value))}}}$"
