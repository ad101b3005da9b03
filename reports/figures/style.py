"""The look shared by all figures: Okabe-Ito colours that stay apart in grey, small serif type, thin axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from math import isfinite
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import NullLocator

from theory.language.units import Unit
from theory.tables import default_table

TEXT = 6.9  # inches: the full text width of the house page; widths of figures are written in its inches
SINGLE = 0.72 * TEXT  # a figure of one panel: at most this wide, and one column where a page has two
_LETTER, _LEGEND_PADDING = 0.48, 2.2  # mean width of a letter; space around a legend's handle: in type sizes
_MINOR_DECADES = 1e3  # a logarithmic axis over a wider range has marks at the powers of ten only
_SIZE, _SMALL = 8.5, 7.5  # points on the house page: labels; ticks and legends
INK = "#1a1a19"  # the page swaps this exact colour for its own text colour
FAINT = "#8a8a88"

PARAMETERS: dict[Any, Any] = {
    "font.family": "STIXGeneral",  # ships with matplotlib: the same glyphs on every machine
    "mathtext.fontset": "stix",
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "axes.linewidth": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.minor.width": 0.35,
    "ytick.minor.width": 0.35,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.6,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.titlecolor": INK,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "path.simplify": True,
    "path.simplify_threshold": 0.2,
    "axes.formatter.use_mathtext": True,
}


@dataclass(frozen=True)
class Page:
    """Where figures are printed: widths in inches, type in points, and what else matplotlib must know.

    text: the width of the text block. single: the width of a figure of one panel. size: labels and titles. small:
    ticks and legends.
    """

    name: str
    text: float
    single: float
    size: float
    small: float
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> dict[Any, Any]:
        """PARAMETERS with the type sizes of this page."""
        sizes = dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), self.size)
        sizes |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), self.small)
        return PARAMETERS | sizes | dict(self.parameters)


HOUSE = Page("house", TEXT, SINGLE, _SIZE, _SMALL)
_current: ContextVar[Page] = ContextVar("page", default=HOUSE)


@contextmanager
def printed_on(page: Page) -> Iterator[None]:
    """Figures drawn inside take the widths and type sizes of the page."""
    token = _current.set(page)
    try:
        yield
    finally:
        _current.reset(token)


def points(size: float) -> float:
    """A type size of the house page on the current one."""
    return size * _current.get().size / _SIZE


@dataclass(frozen=True)
class Look:
    """How one kind of series is drawn everywhere: its colour, dash and marker also tell it apart in grey."""

    label: str
    color: str
    dash: str | tuple[int, tuple[float, ...]]
    marker: str
    filled: bool = True

    def keywords(self) -> dict[str, Any]:
        """Keyword arguments of Axes.plot."""
        return {
            "color": self.color,
            "linestyle": self.dash,
            "marker": self.marker,
            "markerfacecolor": self.color if self.filled else "none",
            "markeredgecolor": self.color,
            "markeredgewidth": 0.8,
            "label": self.label,
        }


MEASURED = Look("measured", INK, "-", "o")
PREDICTED = Look("predicted", "#0072B2", "-", "s", filled=False)
SECOND_ORDER = Look("predicted, second order", "#56B4E9", (0, (5, 1.5)), "v", filled=False)
PUBLISHED = Look("published", "#D55E00", (0, (4, 1.2, 1, 1.2)), "^", filled=False)
WITNESS = Look("witness", "#009E73", (0, (1.5, 1.2)), "D")
FLOATING = Look("measured in float64", "#E69F00", (0, (2.5, 1.2)), "x")
FLOOR = Look("floor of the bound", "#0072B2", (0, (1, 1.5)), "")
TRIVIAL = Look("trivial bound", FAINT, (0, (6, 2)), "")


def styled(draw: Callable[[pd.DataFrame], Drawing]) -> Callable[[pd.DataFrame], Drawing]:
    """A drawing function that runs under the current page's settings and leaves matplotlib's global state as it was."""

    @wraps(draw)
    def drawn(frame: pd.DataFrame) -> Drawing:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_current.get().settings)
            return draw(frame)

    return drawn


def canvas(width: float, height: float) -> Drawing:
    """An empty figure that no pyplot registry holds, so many inches wide and high on the house page.

    On a narrower page a figure is as much narrower as the page, and lower by the square root of that.
    """
    page = _current.get()
    scale = page.single / SINGLE if width <= SINGLE else page.text / TEXT
    return Drawing(figsize=(width * scale, height * scale**0.5), layout="constrained")


def symbol(name: str) -> str:
    """A quantity's symbol as the theory prints it, as mathtext.

    >>> symbol("L_F")
    '$L_F$'
    """
    return f"${default_table().symbols[name].record.latex}$"


def unit(name: str) -> str:
    r"""A quantity's unit in powers of the unit of losses [F] and of parameters [W].

    >>> unit("nu"), unit("L_F")
    ('dimensionless', '$[F]\\,[W]^{-2}$')
    """
    return unit_text(default_table().symbols[name].record.unit)


def unit_text(unit: Unit) -> str:
    """A unit as mathtext."""
    if unit.dimensionless:
        return "dimensionless"
    factors = [_power("F", unit.loss), _power("W", unit.parameter)]
    return "$" + r"\,".join(factor for factor in factors if factor) + "$"


def _power(letter: str, degree: object) -> str:
    if degree == 0:
        return ""
    return f"[{letter}]" if degree == 1 else f"[{letter}]^{{{degree}}}"


def axis_label(words: str, name: str) -> str:
    r"""Words, the theory's symbol and its unit.

    >>> axis_label("fine-tuning steps", "nu")
    'fine-tuning steps $\\nu$ (dimensionless)'
    """
    return f"{words} {symbol(name)} ({unit(name)})"


def log_limits(axes: Axes, *series: Sequence[float] | np.ndarray | pd.Series, room: float = 1.6) -> None:
    """Logarithmic y axis just wide enough for every positive value given: nothing shown is cut off."""
    values = np.concatenate([np.asarray(one, dtype=float).ravel() for one in series])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size == 0:
        return
    axes.set_yscale("log")
    axes.set_ylim(float(values.min()) / room, float(values.max()) * room)
    if values.max() > _MINOR_DECADES * values.min():
        axes.yaxis.set_minor_locator(NullLocator())


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], *, x: float = 1.02, gap: float = 0.085) -> None:
    """Labels beside the right end of lines, pushed apart vertically: (y in data, text, colour) each."""
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
    """One legend for the whole drawing, in as many columns as its width has room for."""
    room = 72 * float(drawing.get_figwidth()) / _current.get().small  # in units of the type size
    widths = [handlelength + _LEGEND_PADDING + _LETTER * len(label) for label in handles]
    columns = next((n for n in range(len(widths), 1, -1) if n * max(widths) <= room or sum(widths) <= room), 1)
    drawing.legend(
        list(handles.values()), list(handles), loc=place, ncols=columns, columnspacing=1.4, handlelength=handlelength
    )


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


def mathtext(value: float) -> str:
    """A number for mathematics, between dollar signs, powers of ten written out.

    >>> mathtext(1e-5), mathtext(0.25)
    ('$10^{-5}$', '$0.25$')
    """
    mantissa, _, exponent = short(value).partition("e")
    if not exponent:
        return f"${mantissa}$"
    return f"$10^{{{exponent}}}$" if mantissa == "1" else rf"${mantissa} \times 10^{{{exponent}}}$"


def setting_latex(line: Mapping[str, Any] | pd.Series) -> str:
    """The task and fine-tuning of a line, with inline formulas."""
    return f"{line['task']}, $\\nu = {line['nu']}$, $\\alpha = {short(float(str(line['alpha'])))}$"


def short(value: float) -> str:
    """A number for running text, three significant digits.

    >>> short(0.91234), short(1234567.0), short(0.0)
    ('0.912', '1.23e6', '0')
    """
    text = f"{value:.3g}"
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    return f"{mantissa}e{int(exponent)}"
