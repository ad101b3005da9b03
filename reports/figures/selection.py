"""Parts of a data frame by typed functions: pandas declares a selection as any of frame, series and array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
import pandas as pd


def kept(frame: pd.DataFrame, mask: Any) -> pd.DataFrame:
    """The lines at which a mask is true, as they stand."""
    return cast(pd.DataFrame, frame[mask])


def only(frame: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The lines whose columns have the wanted values, as they stand.

    >>> list(only(pd.DataFrame({"n": [1, 2, 1], "x": [4, 5, 6]}), n=1)["x"])
    [4, 6]
    """
    return kept(frame, np.logical_and.reduce([frame[name].to_numpy() == value for name, value in wanted.items()]))


def one_of(frame: pd.DataFrame, column: str, wanted: Iterable[Any]) -> pd.DataFrame:
    """The lines in which a column has one of the wanted values, as they stand."""
    return kept(frame, frame[column].isin(list(wanted)))


def positive(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The lines that have a place on logarithmic axes: all of these columns are above 0."""
    return kept(frame, (frame[list(columns)] > 0).all(axis=1))


def known(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The lines in which a column has a value."""
    return kept(frame, frame[column].notna())


def groups(frame: pd.DataFrame, by: str | list[str], *, sort: bool = False) -> list[tuple[Any, pd.DataFrame]]:
    """The lines of each value of a column, or of each combination of several, as they first appear or sorted."""
    return list(frame.groupby(by, sort=sort))


def lines(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Every line by its columns, in Python's own numbers."""
    return cast(list[dict[str, Any]], frame.to_dict("records"))


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column as it stands."""
    return cast(pd.Series, frame[name])


def values(frame: pd.DataFrame, column: str) -> np.ndarray:
    """A column as float64."""
    return frame[column].to_numpy(dtype=np.float64)


def distinct(frame: pd.DataFrame, column: str) -> list[Any]:
    """The values of a column as they first appear."""
    return list(dict.fromkeys(frame[column]))
