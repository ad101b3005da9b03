"""Exponents: bound and truth on their fixed windows, with the fitted lines (T5)."""

# pandas declares a selection as any of frame, series and array; which one it is shows in the selecting expression
# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportReturnType=false
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from reports.analyses.suite_file import Exponent
from reports.figures.figure import Figure, MissingDataError
from reports.figures.style import (
    MEASURED,
    PREDICTED,
    TEXT,
    canvas,
    legend_above,
    log_limits,
    points,
    styled,
    symbol,
    unit,
)

_COLUMNS = 5
_FITS = {"measured": MEASURED, "predicted": PREDICTED}
_KEY = ["statement", "what", "variable"]


def exponent_frame(found: Sequence[Exponent]) -> pd.DataFrame:
    """One line per fitted point: the variable's value, bound and truth there, and the slopes of the series."""
    lines = [
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
    if not lines:
        raise MissingDataError("no exponents were fitted")
    return pd.DataFrame(lines)


def fitted(series: pd.DataFrame, column: str) -> np.ndarray:
    """The least-squares line of a series at its points: through the mean of the logarithms, with the fitted slope."""
    first = series.iloc[0]
    x = series["x"].to_numpy(dtype=float)
    x, y = x if first["exponential"] else np.log(x), np.log(series[column].to_numpy(dtype=float))
    return np.exp(y.mean() + float(first[f"slope_{column}"]) * (x - x.mean()))


def exponent_figure(found: Sequence[Exponent]) -> Figure:
    """Figure `slopes`."""
    frame = exponent_frame(found)
    series = [group for _, group in frame.groupby(_KEY, sort=False)]
    faster = [group.iloc[0] for group in series if group["finding"].iloc[0] != "as the bound says"]
    caption = (
        "Exponents of the bounds (blue) and of what is measured (black) with their least-squares lines, each on the "
        "window that was fixed before anything was run; the last two against fine-tuning steps, with the slope of the "
        "logarithm per step. Points are exact, no sampling is involved."
    )
    if faster:
        caption += " The truth departs from the bound's exponent in " + _listed(
            f"{line['statement']} ({_words(line['what'])} in ${_latex(line['variable'])}$: "
            f"${line['slope_measured']:.2f}$ against ${line['slope_predicted']:.2f}$)"
            for line in faster
        )
        caption += "; in the other panels both exponents agree."
    alt = f"{len(series)} logarithmic panels with fitted lines. " + " ".join(
        f"{line['statement']}, {line['what']} against {line['variable']}: bound {line['slope_predicted']:.3f}, "
        f"measured {line['slope_measured']:.3f} ({line['low']:.3f} to {line['high']:.3f})."
        for line in (group.iloc[0] for group in series)
    )
    return Figure("slopes", "Exponents on their windows", caption, alt, frame, draw_exponents)


def _listed(parts: object) -> str:
    names = list(parts)  # type: ignore[call-overload]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _words(what: str) -> str:
    return what.replace(",", "")


def _latex(variable: str) -> str:
    return symbol(variable).strip("$")


@styled
def draw_exponents(frame: pd.DataFrame) -> Drawing:
    """One panel per series of `exponent_frame`."""
    series = [group for _, group in frame.groupby(_KEY, sort=False)]
    columns = min(_COLUMNS, len(series))
    lines = -(-len(series) // columns)
    drawing = canvas(TEXT, 0.35 + 1.75 * lines)
    grid = drawing.subplots(lines, columns, squeeze=False)
    for axes, group in zip(grid.flat, series, strict=False):
        _panel(axes, group)
    for axes in list(grid.flat)[len(series) :]:
        axes.set_visible(False)
    legend_above(
        drawing,
        {
            "measured, and its fit": Line2D([], [], **(MEASURED.keywords() | {"markersize": 3})),
            "bound, and its fit": Line2D([], [], **(PREDICTED.keywords() | {"markersize": 3})),
        },
    )
    return drawing


def _panel(axes: Axes, group: pd.DataFrame) -> None:
    first = group.iloc[0]
    for column, look in _FITS.items():
        axes.plot(group["x"], group[column], **(look.keywords() | {"linestyle": "none", "markersize": 3}))
        axes.plot(group["x"], fitted(group, column), color=look.color, linewidth=0.8)
    log_limits(axes, group["measured"], group["predicted"], room=2.0)
    axes.yaxis.set_major_locator(LogLocator(numticks=4))
    axes.yaxis.set_minor_locator(NullLocator())
    _abscissa(axes, group)
    what = str(first["what"]).split(", ")[0] if first["exponential"] else str(first["what"])
    axes.set_title(f"{_name(first['statement'])}  {what}", pad=13, fontsize=points(7.5))
    # the exponents stand above the panel as powers of the variable, in the colours of their points
    texts = [(column, look.color, first[f"slope_{column}"]) for column, look in _FITS.items()]
    for place, (_, color, slope) in zip((0.0, 0.52), texts, strict=True):
        axes.text(place, 1.02, _power(first, slope), color=color, transform=axes.transAxes, fontsize=points(7.5))
    axes.set_ylabel(unit(first["quantity"]), fontsize=points(7), labelpad=1)
    axes.tick_params(labelsize=points(6.5))


def _power(line: pd.Series, slope: float) -> str:
    """The fitted law up to its constant."""
    variable = _latex(line["variable"])
    return f"$e^{{{slope:.2f}\\,{variable}}}$" if line["exponential"] else f"${variable}^{{{slope:.2f}}}$"


def _abscissa(axes: Axes, group: pd.DataFrame) -> None:
    first, x = group.iloc[0], sorted(group["x"])
    axes.set_xlabel(f"{symbol(first['variable'])} ({unit(first['variable'])})", fontsize=points(7), labelpad=1)
    if first["exponential"]:
        axes.set_xlim(x[0] - 0.3, x[-1] + 0.3)
        axes.xaxis.set_major_locator(FixedLocator(x))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        return
    axes.set_xscale("log", base=2)
    axes.set_xlim(x[0] / 1.25, x[-1] * 1.25)
    ticks = x[:: max(1, -(-len(x) // 4))]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _two(value)))


def _two(value: float) -> str:
    """A power of two as a power where it is small, else as a number."""
    return f"{value:g}" if value >= 1 else f"$2^{{{round(np.log2(value))}}}$"


def _name(statement: str) -> str:
    return {"S5p": "S5'"}.get(statement, statement)
