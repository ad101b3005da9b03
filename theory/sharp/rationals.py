"""Vectors, forms and matrices of rational numbers; standard library only."""

from __future__ import annotations

from fractions import Fraction

Vector = list[Fraction]
Matrix = list[Vector]
Terms = list[tuple[Fraction, Vector, Vector]]  # a form: the sum of c <u, v> over its terms (c, u, v)


def plus(u: Vector, v: Vector, factor: Fraction | int = 1) -> Vector:
    """The vector u + factor v.

    >>> plus([Fraction(1), Fraction(2)], [Fraction(3), Fraction(0)], -1)
    [Fraction(-2, 1), Fraction(2, 1)]
    """
    return [a + factor * b for a, b in zip(u, v, strict=True)]


def mean(vectors: list[Vector]) -> Vector:
    """The mean of vectors."""
    return [sum(entries, Fraction(0)) / len(vectors) for entries in zip(*vectors, strict=True)]


def matrix(terms: Terms) -> Matrix:
    """The symmetric matrix of a form in unknowns.

    >>> matrix([(Fraction(2), [Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)])])
    [[Fraction(0, 1), Fraction(1, 1)], [Fraction(1, 1), Fraction(0, 1)]]
    """
    size = len(terms[0][1])
    rows = [[Fraction(0)] * size for _ in range(size)]
    for c, u, v in terms:
        right = [(b, x) for b, x in enumerate(v) if x]
        for a, x in ((a, c * x / 2) for a, x in enumerate(u) if x):
            for b, y in right:
                rows[a][b] += x * y
    return [plus(row, list(column)) for row, column in zip(rows, zip(*rows, strict=True), strict=True)]


def nonnegative(symmetric: Matrix) -> bool:
    """Whether a symmetric matrix is positive semidefinite, by LDL^T over the rationals.

    >>> nonnegative([[Fraction(1), Fraction(1)], [Fraction(1), Fraction(1)]])
    True
    >>> nonnegative([[Fraction(0), Fraction(1)], [Fraction(1), Fraction(1)]])
    False
    """
    rows = [row[:] for row in symmetric]
    for k, pivot in enumerate(rows):
        if pivot[k] < 0 or (pivot[k] == 0 and any(pivot[k:])):
            return False
        for row in rows[k + 1 :]:
            if row[k]:
                row[k:] = plus(row[k:], pivot[k:], -row[k] / pivot[k])
    return True


def evaluated(terms: Terms, weights: Vector) -> Fraction:
    """The value of a form in given vectors, <u, v> = sum of weights[j] u_j v_j."""
    return sum((c * s * a * b for c, u, v in terms for s, a, b in zip(weights, u, v, strict=True)), Fraction(0))
