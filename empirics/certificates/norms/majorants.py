r"""Bounds on the derivatives of a quantity, block of parameters by block of parameters, as polynomials.

The parameters w are cut into blocks w_1, ..., w_B. If C_{b1 ... bk} bounds the norm of the k-th derivative of a
quantity as a multilinear map on those blocks, all of it is one polynomial with non-negative coefficients,

    P(t) = sum_k (1/k!) sum_{b1 ... bk} C_{b1 ... bk} t_b1 ... t_bk,

a majorant. Leibniz's rule multiplies such polynomials and the chain rule composes them, so the whole calculus is
that of power series cut off after degree `order`. Two coefficients that bound the same thing may be replaced by
the smaller. Unit vectors u have t_b = norm(u_b), norm(t) = 1, so k! max P_k(t) over that sphere bounds the norm of the
k-th derivative: blocks that meet only once do not pay for each other.

One more place, after all monomials, holds the rounding error of the quantity computed at the centre. Errors move on
like first derivatives (mean value theorem over ranges that include them); their products with derivatives are none.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from empirics.certificates.norms.matrices import spectral_norms_up

INFLATION = 1 + 2.0**-40
"""A relative rounding error of 2^-40 is that of more than 8000 operations on non-negative numbers."""
_ROUNDS = 80
# Forms at once whose simplex is cut up, and how often.
_FEW, _CUTS = 64, 200


@dataclass(frozen=True)
class Monomials:
    """All monomials in `blocks` variables up to degree `order`, and how they multiply.

    >>> Monomials(2, 2).exponents.tolist()
    [[0, 0], [1, 0], [0, 1], [2, 0], [1, 1], [0, 2]]
    """

    blocks: int
    order: int

    @cached_property
    def exponents(self) -> np.ndarray:
        """(monomials, blocks), by degree."""
        rows = [
            np.bincount(chosen, minlength=self.blocks) if chosen else np.zeros(self.blocks, dtype=np.int64)
            for degree in range(self.order + 1)
            for chosen in itertools.combinations_with_replacement(range(self.blocks), degree)
        ]
        return np.array(rows, dtype=np.int64).reshape(len(rows), self.blocks)

    @cached_property
    def degrees(self) -> np.ndarray:
        """(monomials,)."""
        return self.exponents.sum(axis=1)

    @property
    def width(self) -> int:
        """Places of a majorant: its coefficients, and the rounding error."""
        return len(self.exponents) + 1

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Places (left, right) whose product is kept, in the order of results, and where each result begins."""
        place = {tuple(row): index for index, row in enumerate(self.exponents.tolist())}
        found = [(len(place), 0, len(place)), (len(place), len(place), 0)]
        for i, j in itertools.product(range(len(place)), repeat=2):
            if self.degrees[i] + self.degrees[j] <= self.order:
                found.append((place[tuple((self.exponents[i] + self.exponents[j]).tolist())], i, j))
        result, left, right = np.array(sorted(found), dtype=np.int64).T
        used, starts = np.unique(result, return_index=True)
        return left, right, used, starts

    def product(self, *factors: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """The product of two majorants (..., width); of several ways to bound its terms the least, term by term.

        >>> table = Monomials(1, 2)
        >>> a = np.array([1.0, 2.0, 0.0, 0.0])                              # 1 + 2 t
        >>> table.product((a, a)).round(6).tolist()
        [1.0, 4.0, 4.0, 0.0]
        """
        left, right, used, starts = self._pairs
        best: np.ndarray | None = None
        for a, b in factors:
            terms = times(a[..., left], b[..., right])
            best = terms if best is None else np.minimum(best, terms)
        assert best is not None
        sums = np.add.reduceat(best, starts, axis=-1)
        result = np.zeros((*sums.shape[:-1], self.width))
        result[..., used] = sums * INFLATION
        return result

    def slope(self, majorant: np.ndarray) -> np.ndarray:
        """At least the norm (...) of the first derivative."""
        return np.sqrt(np.square(majorant[..., 1 : 1 + self.blocks]).sum(axis=-1)) * INFLATION

    def norm(self, majorant: np.ndarray, degree: int) -> np.ndarray:
        r"""At least the norm (...) of the derivative of this degree.

        For every y > 0 the weighted inequality of means gives, with s_b = t_b^2, sum s_b = 1 and k >= 2,

            t^a <= y^a (sum_b (a_b/k) s_b / y_b^2)^{k/2},

        so P_k is below a convex function of s, which is largest at a vertex of the simplex:

            max P_k <= max_b sum_a c_a y^a (a_b/k)^{k/2} / y_b^k.

        It holds for any y; a fixed-point iteration finds a good one (at k = 2 it ends in the largest eigenvalue). For
        few forms of degree 3 or 4 the simplex is then cut into smaller ones, each with its own y, the worst one first.
        The symmetric tensor read as a matrix of two indices against the others gives another bound.

        >>> table = Monomials(2, 3)
        >>> form = np.zeros(table.width)
        >>> form[table.exponents.tolist().index([1, 2])] = 1.0              # t_1 t_2^2, at most 2/(3 sqrt 3)
        >>> round(float(table.norm(form, 3)) / 6, 6)
        0.3849
        """
        if degree == 1:
            return self.slope(majorant)
        chosen = np.flatnonzero(self.degrees == degree)
        exponents = self.exponents[chosen].astype(np.float64)
        weights = (exponents / degree) ** (degree / 2) * INFLATION
        coefficients = majorant[..., chosen].reshape(-1, len(chosen))
        largest = coefficients.max(axis=-1, initial=0.0)
        usable = np.isfinite(largest) & (largest > 0)
        result = np.where(np.isfinite(largest), 0.0, np.inf)
        if usable.any():
            scaled = coefficients[usable] / largest[usable, None]
            found = _least(scaled, exponents, weights, degree)
            if degree > 2 and len(scaled) <= _FEW:
                cut = [_cut(row, exponents, degree) for row in scaled]
                found = np.minimum(found, np.array(cut))
            if degree > 2:
                found = np.minimum(found, self._flattened(scaled, degree))
            result[usable] = found * largest[usable]
        return (result * math.factorial(degree) * INFLATION).reshape(majorant.shape[:-1])

    def _flattened(self, coefficients: np.ndarray, degree: int) -> np.ndarray:
        """Spectral norms of the forms' symmetric tensors as matrices, one index (degree 3) or two against two."""
        places, sizes = self._tensor(degree)
        tensors = coefficients[:, places] * sizes
        return spectral_norms_up(tensors.reshape(len(tensors), self.blocks ** (degree // 2), -1)) * INFLATION

    @cache  # noqa: B019
    def _tensor(self, degree: int) -> tuple[np.ndarray, np.ndarray]:
        """For every entry of a symmetric tensor, its monomial among those of the degree and 1 over its entries."""
        chosen = np.flatnonzero(self.degrees == degree)
        place = {tuple(row): index for index, row in enumerate(self.exponents[chosen].tolist())}
        entries = itertools.product(range(self.blocks), repeat=degree)
        found = np.array([place[tuple(np.bincount(entry, minlength=self.blocks).tolist())] for entry in entries])
        return found, 1.0 / np.bincount(found)[found]


def _least(coefficients: np.ndarray, exponents: np.ndarray, weights: np.ndarray, degree: int) -> np.ndarray:
    logs = np.zeros((len(coefficients), exponents.shape[1]))
    best = np.full(len(coefficients), np.inf)
    for _ in range(_ROUNDS):
        sums = (coefficients * np.exp(logs @ exponents.T)) @ weights
        best = np.minimum(best, (sums * np.exp(-degree * logs)).max(axis=-1))
        # A half step keeps the iteration from alternating; the floor keeps every block in play.
        logs = (logs + np.log(np.maximum(sums, 1e-30)) / degree) / 2
        logs = np.maximum(logs - logs.max(axis=-1, keepdims=True), -20.0)
    # exp and the sums round in the 13th place at the worst
    return best * (1 + 2.0**-36)


def _cut(coefficients: np.ndarray, exponents: np.ndarray, degree: int) -> float:
    """The same bound over parts of the simplex, y^2 being each part's middle: the largest of them."""
    used = np.flatnonzero(exponents[coefficients > 0].any(axis=0))
    kept = coefficients > 0
    powers, weights = exponents[kept][:, used], coefficients[kept]

    def bound(vertices: np.ndarray) -> float:
        middle = np.maximum(vertices.mean(axis=0), 1e-12)
        terms = weights * np.exp(powers @ np.log(middle) / 2)
        means = (vertices / middle) @ powers.T / degree
        return float((means ** (degree / 2) @ terms).max())

    parts = [np.eye(len(used))]
    bounds = [bound(parts[0])]
    for _ in range(_CUTS if len(used) > 1 else 0):
        place = int(np.argmax(bounds))
        vertices = parts.pop(place)
        bounds.pop(place)
        apart = np.square(vertices[:, None] - vertices[None]).sum(axis=-1)
        i, j = np.unravel_index(int(apart.argmax()), apart.shape)
        between = (vertices[i] + vertices[j]) / 2
        for end in (i, j):
            half = vertices.copy()
            half[end] = between
            parts.append(half)
            bounds.append(bound(half))
    return max(bounds) * (1 + 2.0**-36)


@cache
def monomials(blocks: int, order: int) -> Monomials:
    """The one table of its size."""
    return Monomials(blocks, order)


def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a b, where a derivative that is 0 stays 0 whatever unbounded quantity multiplies it; no number stays none.

    >>> times(np.array([0.0, 2.0, np.nan]), np.array([np.inf, 3.0, 1.0])).tolist()
    [0.0, 6.0, nan]
    """
    with np.errstate(invalid="ignore", over="ignore"):
        product = a * b
    return np.where(np.isnan(product) & ((a == 0) | (b == 0)), 0.0, product)
