"""The page that figures are printed on: small serif type, thin axes, widths of a house page or of a venue's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.figure import Figure as Drawing

from reports.figures.looks import INK

TEXT = 6.9  # inches: the full text width of the house page; widths of figures are written in its inches
SINGLE = 0.72 * TEXT  # a figure of one panel: at most this wide, and one column where a page has two
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
        """What matplotlib is told on every page, with the type sizes of this one."""
        sizes = dict.fromkeys(("font.size", "axes.titlesize", "axes.labelsize"), self.size)
        sizes |= dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), self.small)
        return _PARAMETERS | sizes | dict(self.parameters)


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


def small_type() -> float:
    """The type size of ticks and legends on the current page, in points."""
    return _current.get().small


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
