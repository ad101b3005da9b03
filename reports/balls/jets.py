"""Jets: truncated Taylor coefficients, in one variable t, of arrays that move with w + t v."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from flint import arb_mat

from reports.balls.arrays import Array, boxed, filled

Part = Array | None


class Jet:
    """Coefficients of 1, t, t^2, ... of an array, as far as they have been computed; None is zero throughout.

    A constant has one coefficient.
    """

    __slots__ = ("_matrices", "parts")

    def __init__(self, parts: list[Part]) -> None:
        """Take the coefficients known so far."""
        self.parts = parts
        self._matrices: dict[Any, list[arb_mat]] = {}

    def __getitem__(self, order: int) -> Part:
        """The coefficient of t^order."""
        return self.parts[order] if order < len(self.parts) else None

    @property
    def first(self) -> Array:
        """The value, an array."""
        value = self.parts[0]
        assert value is not None
        return value

    def cut(self) -> None:
        """Forget all but the value."""
        if len(self.parts) > 1:
            del self.parts[1:]
            for key in [key for key in self._matrices if key[0] > 0]:
                del self._matrices[key]

    def matrices(self, order: int, shape: tuple[int, int, int], turned: bool) -> list[arb_mat] | None:
        """A coefficient as (count, rows, columns) matrices, or as their transposes; built once."""
        part = self[order]
        if part is None:
            return None
        key = (order, shape, turned)
        if key not in self._matrices:
            if turned:
                plain = self.matrices(order, shape, False) or []
                self._matrices[key] = [one.transpose() for one in plain]
            else:
                count, rows, columns = shape
                blocks = part.reshape(count, rows * columns).tolist()
                self._matrices[key] = [arb_mat(rows, columns, block) for block in blocks]
        return self._matrices[key]


def total(parts: list[Part]) -> Part:
    """The sum of coefficients of one shape."""
    found: Part = None
    for part in parts:
        if part is not None:
            found = part if found is None else boxed(found + part)
    return found


def convolved(a: Jet, b: Jet, order: int, product: Callable[[Array, Array], Any] = np.multiply) -> Part:
    """The coefficient of t^order of a product: sum over i of a_i b_{order - i}."""
    found: list[Part] = []
    for i in range(order + 1):
        x, y = a[i], b[order - i]
        found.append(None if x is None or y is None else boxed(product(x, y)))
    return total(found)


def integrated(a: Jet, slope: Jet, order: int) -> Part:
    """The coefficient of t^order >= 1 of y with y' = slope a': (1/order) sum over i >= 1 of i a_i slope_{order - i}."""
    found: list[Part] = []
    for i in range(1, order + 1):
        x, s = a[i], slope[order - i]
        if x is not None and s is not None:
            part = boxed(x * s)
            found.append(part if i == 1 else boxed(part * i))
    result = total(found)
    return result if result is None or order == 1 else boxed(result / order)


def mapped(function: Callable[[Array], Any], part: Part) -> Part:
    """A linear function of a coefficient."""
    return None if part is None else boxed(function(part))


def of_matrices(products: list[arb_mat], shape: tuple[int, ...]) -> Array:
    """The entries of matrices, one after another, as an array."""
    entries = products[0].entries() if len(products) == 1 else [x for one in products for x in one.entries()]
    return filled(entries, shape)
