"""What must not matter: units, axes, origin and zero level of the loss. Tests the checked function against itself."""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import FULL_BATCH
from empirics.testing.agent import Transformable
from empirics.testing.ask import Ask
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.property import property_for


@property_for(
    FULL_BATCH,
    "rescaled_cases",
    cause="a gradient is clipped or normalised, or a fixed number (an epsilon, a threshold) is compared with it",
    varies=("delta",),
    rank=1,
)
def unit_of_loss(ask: Ask, case: Case) -> Comparison:
    """f -> c f with alpha -> alpha/c (and delta -> delta/c) multiplies the meta-gradient by c."""
    c = 2.0**case.twist
    other = case.but(problem=case.problem.scaled(c), alpha=case.alpha / c, delta=_times(case.delta, 1 / c))
    return _same(ask, case, other, ask(other) / c, 1 / c)


@property_for(
    FULL_BATCH,
    "rescaled_cases",
    cause="parameters are clipped, decayed or stored with few digits, or compared with a fixed number",
    varies=("delta",),
    rank=1,
)
def unit_of_parameters(ask: Ask, case: Case) -> Comparison:
    """w -> s w with f(w/s) and alpha, delta -> s^2 alpha, s^2 delta divides the meta-gradient by s."""
    s = 2.0**case.twist
    assert isinstance(case.problem, Transformable)
    other = case.but(
        problem=case.problem.stretched(s),
        w=_tuple(s * case.point),
        alpha=s * s * case.alpha,
        delta=_times(case.delta, s * s),
    )
    return _same(ask, case, other, s * ask(other), s)


@property_for(
    FULL_BATCH,
    "wide_cases",
    cause="coordinates are treated one by one or in blocks (a diagonal or layer-wise Hessian, a sign, a clip)",
    rank=1,
)
def rotation(ask: Ask, case: Case) -> Comparison:
    """The meta-gradient turns with the space, also in more dimensions: w -> Q w with f(Q^T w) gives Q grad F."""
    turn = givens_chain(case.problem.d)
    assert isinstance(case.problem, Transformable)
    other = case.but(problem=case.problem.rotated(turn), w=_tuple(turn @ case.point))
    return _same(ask, case, other, turn.T @ ask(other), 1.0)


@property_for(
    FULL_BATCH,
    "moved_cases",
    cause="weight decay, or parameters that are clipped to a box or stored with few digits",
    rank=1,
)
def origin(ask: Ask, case: Case) -> Comparison:
    """The meta-gradient does not depend on where the origin lies: w -> w + t with f(w - t) leaves it alone."""
    assert isinstance(case.problem, Transformable)
    other = case.but(problem=case.problem.moved(case.twist), w=_tuple(case.point + np.array(case.twist)))
    return _same(ask, case, other, ask(other), 1.0)


@property_for(FULL_BATCH, "raised_cases", cause="a decision is made on the value of the loss", rank=2)
def zero_level(ask: Ask, case: Case) -> Comparison:
    """Adding a constant to the loss changes nothing."""
    other = case.but(problem=case.problem.raised(case.twist))
    return _same(ask, case, other, ask(other), 1.0)


def givens_chain(d: int) -> np.ndarray:
    """Rotations by the angle (3/5, 4/5) in the planes (0, 1), (1, 2), ..., one after another: no axis stays one."""
    turn = np.eye(d)
    for i in range(d - 1):
        plane = np.eye(d)
        plane[i : i + 2, i : i + 2] = [[0.6, -0.8], [0.8, 0.6]]
        turn = plane @ turn
    return turn


def _same(ask: Ask, case: Case, other: Case, found: np.ndarray, scale: float) -> Comparison:
    """Rounding of the transformed data is relative to the same sums as that of the arithmetic, so both are covered."""
    return Comparison(found, ask(case), ask.rounding(case) + scale * ask.rounding(other))


def _times(delta: float | None, factor: float) -> float | None:
    return None if delta is None else delta * factor


def _tuple(vector: np.ndarray) -> tuple[float, ...]:
    return tuple(float(entry) for entry in vector)
