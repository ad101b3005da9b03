"""Both sides of bounds over a varied key: a panel for each bound and each value of the other keys."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from reports.figures.figure import Figure
from reports.figures.labels import short
from reports.figures.looks import MEASURED, PREDICTED, PUBLISHED, TRIVIAL, Look
from reports.figures.panels import common_legend, log_limits, panel_grid
from reports.figures.selection import groups, lines
from reports.figures.style import SINGLE, TEXT, canvas, styled
from reports.settings.checked import Checked
from reports.settings.words import SettingError

MOST_PANELS = 24
_COLUMNS = 3
_SHARPEST = Look("sharpest known", PUBLISHED.color, PUBLISHED.dash, "")
_SERIES = {"predicted": PREDICTED, "sharpest": _SHARPEST, "trivial": TRIVIAL, "measured": MEASURED}


def figure(checked: Checked) -> Figure:
    """Measured with its limits, predicted, sharpest known and trivial, over the key of the most values.

    Raises:
        SettingError: no key has several values, there are too many panels, or no row has a number.
    """
    frame = checked.frame()
    if not checked.varied:
        raise SettingError("nothing to plot: expected a key with several values, such as nu=0..5")
    x = max(checked.varied, key=lambda key: frame[key].nunique())
    others = [key for key in checked.varied if key != x]
    titles = [_title(line, others) for line in lines(frame)]
    frame = frame.assign(x=[_place(value) for value in frame[x]], key=x, panel=titles)
    if (count := len(set(titles))) > MOST_PANELS:
        raise SettingError(f"{count} panels to plot, at most {MOST_PANELS}: vary fewer keys, or give fewer values")
    if not any(_drawable(frame, column) for column in _SERIES):
        raise SettingError("nothing to plot: no row has a number on either side")
    title = f"{', '.join(dict.fromkeys(frame['bound']))} over {x}"
    return Figure("check", title, title, title, frame, draw)


def _place(value: Any) -> Any:
    """A number as it is drawn; a word as itself."""
    return float(value) if isinstance(value, int | Fraction) else str(value)


def _title(line: dict[str, Any], others: list[str]) -> str:
    about = [] if line["bound"] == line["quantity"] else [line["quantity"]]
    return ", ".join([line["bound"], *about, *(f"{key} = {line[key]}" for key in others)])


def _drawable(frame: pd.DataFrame, column: str) -> bool:
    """Whether any line has a number there."""
    return any(value is not None and value == value for value in frame[column])  # no number is not equal to itself


@styled
def draw(frame: pd.DataFrame) -> Drawing:
    """One panel per bound and value of the keys that are not on the axis."""
    panels = groups(frame, "panel")
    columns = min(len(panels), _COLUMNS)
    drawing = canvas(SINGLE if columns == 1 else TEXT, 0.5 + 2.3 * -(-len(panels) // columns))
    for axes, (title, group) in zip(panel_grid(drawing, len(panels), columns), panels, strict=True):
        _panel(axes, group)
        axes.set_title(title)
    common_legend(drawing)
    return drawing


def _panel(axes: Axes, group: pd.DataFrame) -> None:
    """Draw the series of one panel that have numbers, and the limits of the measured one."""
    x = group["x"].tolist()
    for column, look in _SERIES.items():
        if _drawable(group, column):
            axes.plot(x, group[column].astype(float).tolist(), **look.keywords())
    axes.vlines(x, group["lower"].astype(float), group["upper"].astype(float), color=MEASURED.color, linewidth=0.8)
    axes.set_xlabel(str(group["key"].iloc[0]))
    if len(set(x)) <= 8:
        axes.set_xticks(x, [short(one) if isinstance(one, float) else one for one in x])
    log_limits(axes, *(group[column].astype(float) for column in _SERIES))
