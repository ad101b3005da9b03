"""Runs losses with rational values along a round: the lower side of a certificate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

from theory.sharp.problem import Problem
from theory.sharp.rationals import Vector, mean, plus


class Loss(Protocol):
    """A loss that can be run with rational numbers."""

    def gradient(self, w: Vector) -> Vector:
        """The gradient at w."""
        ...

    def value(self, w: Vector) -> Fraction:
        """The loss at w."""
        ...


def run(problem: Problem, losses: Sequence[Loss], dimension: int) -> dict[str, Any]:
    """Gradients and values of every agent's loss at its points of a round from 0."""
    beta = problem.h / problem.tau
    paths = []
    for loss in losses:
        path = [[Fraction(0)] * dimension]
        for _ in range(problem.tau):
            path.append(plus(path[-1], loss.gradient(path[-1]), -beta))
        paths.append(path)
    drawn = [mean([paths[i][problem.tau] for i in members]) for members in problem.sets]
    met = [[*path[: problem.tau], *drawn] for path in paths]
    return {
        "gradients": [[loss.gradient(w) for w in points] for loss, points in zip(losses, met, strict=True)],
        "values": [[loss.value(w) for w in points] for loss, points in zip(losses, met, strict=True)],
        "weights": [Fraction(1)] * dimension,
    }
