"""Several values of inputs at once: arrays that broadcast, and the words of a command line that stand for a product."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product

from theory.language.errors import InputError

MOST = 100_000
_RANGE = re.compile(r"([+-]?\d{1,9})\.\.([+-]?\d{1,9})")


def broadcast(inputs: Mapping[str, object]) -> list[dict[str, object]]:
    """The inputs of every point, as NumPy broadcasts arrays: lists of one length go together, single values repeat.

    >>> broadcast({"nu": range(2), "L": [1, "1/2"], "alpha": 1})
    [{'nu': 0, 'L': 1, 'alpha': 1}, {'nu': 1, 'L': '1/2', 'alpha': 1}]

    Raises:
        InputError: lengths that do not fit, or more than 100000 points.
    """
    import numpy as np

    arrays = {key: _array(value) for key, value in inputs.items()}
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{key} of {array.shape}" for key, array in arrays.items() if array.ndim)
        raise InputError(
            f"arrays that do not broadcast: {shapes}; expected equal lengths, or axes of length 1"
        ) from None
    _check(int(np.prod(shape, dtype=object)))
    flat = {key: list(np.broadcast_to(array, shape).ravel()) for key, array in arrays.items()}
    points = zip(*flat.values(), strict=True) if flat else [()]
    return [dict(zip(flat, point, strict=True)) for point in points]


def product_of(words: Mapping[str, str]) -> list[dict[str, object]]:
    """The inputs of every point of a grid: 0..10 for all integers between, commas between values, all combinations.

    >>> product_of({"nu": "0..1", "L": "1,1/2"})[1]
    {'nu': '0', 'L': '1/2'}

    Raises:
        InputError: an empty value, a range that is none, or more than 100000 points.
    """
    values = {key: listed(key, text) for key, text in words.items()}
    count = 1
    for found in values.values():
        count *= len(found)
    _check(count)
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


def listed(key: str, text: str) -> list[str]:
    """The values that a text stands for.

    >>> listed("nu", "0..2,5")
    ['0', '1', '2', '5']

    Raises:
        InputError: an empty value, or a range that is none.
    """
    return [one for part in text.split(",") for one in _part(key, part.strip())]


def varied(points: Iterable[Mapping[str, object]]) -> list[str]:
    """The keys that have more than one value."""
    seen: dict[str, set[str]] = {}
    for point in points:
        for key, value in point.items():
            seen.setdefault(key, set()).add(str(value))
    return [key for key, found in seen.items() if len(found) > 1]


def _array(value: object):  # noqa: ANN202 (an array of whatever numbers there are)
    import numpy as np

    if isinstance(value, np.ndarray):
        return value.astype(object)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        found = list(value)
        array = np.empty(len(found), dtype=object)
        array[:] = found
        return array
    array = np.empty((), dtype=object)
    array[()] = value
    return array


def _part(key: str, text: str) -> list[str]:
    if not text:
        raise InputError(f"{key}: expected values such as 2, 1/10, 1,2 or 0..10")
    if ends := _RANGE.fullmatch(text):
        first, last = int(ends[1]), int(ends[2])
        if last < first:
            raise InputError(f"{key} = {text}: expected a range that rises, such as 0..10")
        _check(last - first + 1)
        return [str(one) for one in range(first, last + 1)]
    return [text]


def _check(count: int) -> None:
    if count > MOST:
        raise InputError(f"{count} points, a table has at most {MOST}")
