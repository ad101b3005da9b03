"""Fewer points than a frame has, where more would not be seen: a file of a figure stays small, extremes stay in it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd


def thinned(run: pd.DataFrame, column: str, most: int) -> pd.DataFrame:
    """At most so many lines of a curve, or all: the first, the last, and the least and largest value of a column in
    each of as many stretches, evenly spaced in the logarithm, as that leaves room for.

    >>> list(thinned(pd.DataFrame({"x": [0, 1, 9, 1, 0, 0, 0, 0, 0, 0]}), "x", 6)["x"])
    [0, 1, 9, 0, 0]
    """
    if len(run) <= most:
        return run
    edges = np.unique(np.geomspace(1, len(run), max(2, most // 2)).astype(int) - 1)
    values = run[column].to_numpy(dtype=np.float64)
    kept = {0, len(run) - 1}
    for start, stop in pairwise(edges):
        if stretch := [place for place in range(start, stop) if not np.isnan(values[place])]:
            kept |= {min(stretch, key=values.__getitem__), max(stretch, key=values.__getitem__)}
    return run.iloc[sorted(kept)]


def apart(frame: pd.DataFrame, x: str, y: str, cells: int) -> pd.DataFrame:
    """One point of each cell of a grid over the logarithms of two columns; the extremes of both and of y/x stay.

    >>> frame = pd.DataFrame({"x": [1.0, 1.001, 1.002, 100.0], "y": [1.0, 1.001, 1.003, 10.0]})
    >>> list(apart(frame, "x", "y", 3).index)
    [0, 2, 3]
    """
    if len(frame) <= cells:
        return frame
    places = np.log(frame[[x, y]].to_numpy(dtype=np.float64))
    spans = np.where(np.ptp(places, axis=0) > 0, np.ptp(places, axis=0), 1.0)
    grid = np.floor((places - places.min(axis=0)) / spans * cells).astype(int)
    _, first = np.unique(grid, axis=0, return_index=True)
    ratio = places[:, 1] - places[:, 0]
    ends = [extreme(values) for values in (*places.T, ratio) for extreme in (np.argmin, np.argmax)]
    return frame.iloc[sorted({*map(int, first), *map(int, ends)})]
