"""The page that figures are printed on: small serif type, thin axes, widths of a house page or of a venue's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from math import ceil
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure as Drawing

from reports.figures.looks import INK

TEXT = 6.9  # inches: the text width of the house page, and the width of a figure of several panels on it
SINGLE = 0.72 * TEXT  # a figure of one panel: at most this wide, and one column where a page has two
WIDEST = 40.0  # inches that may be asked for
_SIZE, _SMALL = 8.5, 7.5  # points on the house page: labels; ticks and legends

_PARAMETERS: dict[Any, Any] = {
    "font.family": "STIXGeneral",  # ships with matplotlib: the same glyphs on every machine
    "mathtext.fontset": "stix",
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

    text: the width of the text block. column: the width of one of its columns, the same where there is one. single: the
    width of a figure of one panel. size: labels and titles. small: ticks and legends. preamble: what LaTeX loads for
    the page's type. width: the width of every figure, where one was asked for.
    """

    name: str
    text: float
    column: float
    single: float
    size: float
    small: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    preamble: str = ""
    width: float | None = None

    @property
    def settings(self) -> dict[Any, Any]:
        """What matplotlib is told on every page, with the type of this one."""
        sizes = dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), self.size)
        sizes |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), self.small)
        loaded = rf"{self.preamble}\usepackage{{amsmath}}"
        return _PARAMETERS | sizes | {"text.latex.preamble": loaded, "pgf.preamble": loaded} | dict(self.parameters)


HOUSE = Page("house", TEXT, TEXT, SINGLE, _SIZE, _SMALL)
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


def small_type() -> float:
    """The type size of ticks and legends on the current page, in points."""
    return _current.get().small


def room() -> float:
    """The width of a figure of several panels on the current page, in inches of a page with the house's type."""
    page = _current.get()
    return (page.width or page.text) * _SIZE / page.size


def beside(count: int, least: float, most: int | None = None) -> int:
    """How many of `count` panels stand side by side on the current page, each at least so many inches wide.

    Rows are as equal as they can be: of four panels where there is room for three, two and two.

    >>> beside(10, 1.35, most=5), beside(4, 2.2)
    (5, 2)
    """
    fit = max(1, min(count, int(room() / least), most or count))
    return ceil(count / ceil(count / fit))


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

    Elsewhere it is as wide as the page says, and lower or higher by the size of the page's type.
    """
    page = _current.get()
    across = page.width or (page.single if width <= SINGLE else page.text)
    return Drawing(figsize=(across, height * page.size / _SIZE), layout="constrained")
