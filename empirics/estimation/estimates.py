"""An estimated constant: a number, the side on which it is known, its error, and how and where it was found."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from empirics.numerics.checks import integer
from empirics.numerics.constants import SIGNS, Constant
from empirics.numerics.shown import symbol


@dataclass(frozen=True, eq=False)
class Estimate:
    """One constant, estimated.

    `lower`: a supremum over a set, approached by ascent, so at most the constant; `upper`: an infimum (mu), so at
    least the constant; `interval`: about one point only, the constant there lies in [value, upper] (for mu in
    [upper, value]) with at least `probability` over the estimator's own random start.

    `standard_error` is given where samples were averaged, `residual` where linear algebra or a difference quotient
    leaves an error; `points` counts the points (or pairs) evaluated and `at` is the extremal one, (d,).

    >>> Estimate("L", 2.0, "lower", "ascent", points=3, at=torch.zeros(1)).constant()
    Constant(value=2.0, side='lower', note='ascent, 3 points')
    """

    name: str
    value: float
    side: str
    method: str
    points: int
    at: torch.Tensor
    standard_error: float | None = None
    residual: float | None = None
    upper: float | None = None
    probability: float | None = None

    def _repr_latex_(self) -> str:
        """What is known of it, as a notebook shows it."""
        return f"${symbol(self.name)} {SIGNS[self.side]} {self.value:.6g}$ ({self.method}, {self.points} points)"

    def constant(self) -> Constant:
        """The estimate as a task's constant; an interval carries its far end, with both ends in the note."""
        note = f"{self.method}, {self.points} points"
        if self.side != "interval" or self.upper is None:
            return Constant(self.value, self.side, note)
        ends = f"[{min(self.value, self.upper):.6g}, {max(self.value, self.upper):.6g}]"
        return Constant(self.upper, "interval", f"{ends} with probability {self.probability}, at one point; {note}")


@dataclass(frozen=True)
class Budget:
    """How much work an estimate may do.

    Args:
        screened: points evaluated before the ascent.
        starts: the best of them that climb.
        steps: ascent steps of each.
        lanczos: Lanczos steps at most (min(d, .) are taken).
        directions: starting directions of the power method.
        power: its steps.
        draws: samples where noise cannot be enumerated, and pairs for biases.

    >>> Budget().starts <= Budget().screened
    True
    """

    screened: int = 32
    starts: int = 6
    steps: int = 16
    lanczos: int = 24
    directions: int = 4
    power: int = 8
    draws: int = 512

    def __post_init__(self) -> None:
        """Refuse numbers below 1."""
        for name in ("screened", "starts", "lanczos", "directions", "power", "draws"):
            integer(name, getattr(self, name), at_least=1)
        integer("steps", self.steps, at_least=0)


QUICK = Budget(screened=12, starts=3, steps=6, lanczos=12, directions=2, power=5, draws=128)
