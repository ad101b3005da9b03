"""What a figure is: data first, a drawing of that data second, and the words that go with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure as data: `frame` is everything it shows, `draw(frame)` shows it and computes nothing new.

    name: file stem and anchor. caption: what to see, with numbers read from the frame. alt: the same for someone who
    cannot see it. bounds: the statements it is about; none where it is about all.
    """

    name: str
    title: str
    caption: str
    alt: str
    frame: pd.DataFrame
    draw: Callable[[pd.DataFrame], Drawing]
    bounds: tuple[str, ...] = ()


class MissingDataError(ValueError):
    """The rows or curves that a figure needs are not in the report."""
