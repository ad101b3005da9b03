"""Certified eigenvalues and outward rounding, against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from empirics.numerics import rounding
from empirics.numerics.spectra import Spectrum, exact_range, gram_largest_eigenvalue, spectrum


def _is_at_least(bound: float, matrix: np.ndarray) -> bool:
    """bound >= lambda_max, exactly: bound I - A is positive semidefinite by rational elimination."""
    size = len(matrix)
    rows = [
        [(Fraction(bound) if i == j else 0) - Fraction(float(matrix[i, j])) for j in range(size)] for i in range(size)
    ]
    for k in range(size):
        if rows[k][k] <= 0:
            return rows[k][k] == 0 and not any(rows[k][k + 1 :])
        for i in range(k + 1, size):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return True


@pytest.mark.parametrize("size", [1, 2, 5, 9])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e10])
def test_certified_extremes_enclose_the_spectrum(size, scale):
    rng = np.random.default_rng(size)
    for _ in range(5):
        matrix = rng.normal(size=(size, size)) * scale
        matrix = (matrix + matrix.T) / 2
        found = spectrum(matrix)
        assert _is_at_least(found.high, matrix)
        assert _is_at_least(-found.low, -matrix)
        width = np.abs(np.linalg.eigvalsh(matrix)).max()
        # Tight: 60 units in the last place a dimension at most.
        assert found.high - np.linalg.eigvalsh(matrix)[-1] <= 60 * size * rounding.EPS * width
        assert found.norm >= np.linalg.norm(matrix, 2) * (1 - 1e-15)


def test_repeated_and_zero_eigenvalues_are_enclosed():
    for matrix in (np.eye(4), np.zeros((3, 3)), np.ones((5, 5))):
        found = spectrum(matrix)
        assert _is_at_least(found.high, matrix)
        assert _is_at_least(-found.low, -matrix)


def test_gram_bound_is_above_the_exact_gram():
    rng = np.random.default_rng(0)
    rows, weights = rng.normal(size=(6, 4)), rng.uniform(0, 1, size=6)
    bound = gram_largest_eigenvalue(rows, weights)
    exact = [
        [
            sum(
                Fraction(float(weights[j])) * Fraction(float(rows[j, a])) * Fraction(float(rows[j, b]))
                for j in range(6)
            )
            for b in range(4)
        ]
        for a in range(4)
    ]
    size = range(4)
    matrix = [[(Fraction(bound) if i == j else 0) - exact[i][j] for j in size] for i in size]
    for k in size:
        assert matrix[k][k] > 0
        for i in range(k + 1, 4):
            factor = matrix[i][k] / matrix[k][k]
            matrix[i] = [x - factor * y for x, y in zip(matrix[i], matrix[k], strict=True)]


def test_exact_range_proves_dyadic_eigenvalues_only():
    hadamard = np.array([[1, 1], [1, -1]])
    short = hadamard @ np.diag([0.25, 1.0]) @ hadamard / 2
    assert exact_range(short[None]) == (Fraction(1, 4), Fraction(1))
    assert exact_range(np.array([[[2.0, 1.0], [1.0, 3.0]]])) is None
    assert exact_range(np.zeros((1, 2, 2))) == (0, 0)
    assert exact_range(np.tile(np.eye(9), (1, 1, 1))) is None


def test_rounding_helpers_are_outward():
    rng = np.random.default_rng(3)
    for _ in range(200):
        x = rng.normal(size=7) * 10 ** rng.uniform(-200, 140)
        square = sum(Fraction(float(v)) ** 2 for v in x)
        norm = Fraction(float(rounding.row_norms_up(x)))
        assert square <= norm**2 <= square * (1 + Fraction(1, 10**13))
        root = Fraction(rounding.root_up(square)) if 1e-300 < float(square) < 1e300 else None
        assert root is None or root**2 >= square
        low, high = sorted(rng.normal(size=2))
        step = abs(float(rng.normal()))
        factor = Fraction(rounding.step_factor_up(step, low, high))
        assert factor >= max(abs(1 - Fraction(step) * Fraction(end)) for end in (low, high))
    values = np.abs(rng.normal(size=1001))
    exact_mean = sum(Fraction(float(v)) for v in values) / 1001
    assert exact_mean <= Fraction(rounding.mean_up(values)) <= exact_mean * (1 + Fraction(1, 10**13))
    exact_square = sum(Fraction(float(v)) ** 2 for v in values) / 1001
    assert exact_square <= Fraction(rounding.root_mean_square_up(values)) ** 2
    assert rounding.add_up(1.0, 2.0**-60) > 1.0
    assert rounding.up(1.0) > 1.0
    assert (
        rounding.float_up(Fraction(1, 3))
        > Fraction(1, 3)
        > Fraction(math.nextafter(rounding.float_up(Fraction(1, 3)), 0))
    )


def test_product_error_covers_the_rounding_of_a_product():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(3, 50)), rng.normal(size=(50, 3))
    error, product = rounding.product_error(left, right), left @ right
    for i in range(3):
        for j in range(3):
            exact = sum(Fraction(float(left[i, k])) * Fraction(float(right[k, j])) for k in range(50))
            assert abs(exact - Fraction(float(product[i, j]))) <= Fraction(float(error[i, j]))


def test_norms_of_zero_vectors_are_zero():
    assert rounding.row_norms_up(np.zeros((2, 3))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("moved", "turned"), [(1e-3, 0.0), (0.0, 1e-4), (1e-3, 1e-4)])
def test_certificates_do_not_trust_the_eigensolver(monkeypatch, moved, turned):
    """Extreme eigenvalues moved inwards and vectors perturbed widen the enclosure instead of breaking it."""
    rng = np.random.default_rng(7)
    matrix = rng.normal(size=(5, 5))
    matrix = (matrix + matrix.T) / 2
    solve = np.linalg.eigh

    def careless(x):
        values, vectors = solve(x)
        return values + moved * np.array([1, 0, 0, 0, -1]), vectors + turned * rng.normal(size=x.shape)

    monkeypatch.setattr(np.linalg, "eigh", careless)
    found = spectrum(matrix)
    assert _is_at_least(found.high, matrix)
    assert _is_at_least(-found.low, -matrix)
    assert found.high - found.low < 2 * found.norm + 0.1


def test_scaled_vectors_are_paid_for_by_the_defect():
    # V = (1 + 1e-4) I is exact for (1 + 1e-4)^2 D: no residual, the error comes from the defect alone.
    values = np.array([-1.0, 2.0])
    found = Spectrum(values, np.eye(2) * (1 + 1e-4), 0.0, 2.1e-4 * math.sqrt(2))
    assert found.high >= 2 * (1 + 1e-4) ** 2
    assert found.low <= -((1 + 1e-4) ** 2)


def test_vectors_that_are_not_orthogonal_are_refused(monkeypatch):
    monkeypatch.setattr(np.linalg, "eigh", lambda x: (np.ones(2), np.ones((2, 2))))
    with pytest.raises(ArithmeticError, match="orthogonal only up to"):
        spectrum(np.eye(2))
