"""What grad F(w) is, by five routes that share no code: formulas, dense Jacobians, complex steps, semigroup, slope."""

from __future__ import annotations

import math

import numpy as np

from empirics.algorithm.modes import FULL_BATCH, Mode
from empirics.testing import oracles
from empirics.testing.ask import Ask
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.problems import Quadratic
from empirics.testing.property import property_for


@property_for(FULL_BATCH, "cases", cause="the function returns all agents, a list of parameters, or nothing")
def returns_a_gradient(ask: Ask, case: Case) -> Comparison:
    """The answer is one finite vector of the shape of w."""
    return Comparison(ask(case).shape, (case.problem.d,), 0.0)


@property_for(
    FULL_BATCH,
    "unadapted_cases",
    cause="the loop always takes a fine-tuning step, or something is divided by alpha or nu",
)
def plain_gradient(ask: Ask, case: Case) -> Comparison:
    """With nu = 0 or alpha = 0 the meta-gradient is grad f(w)."""
    return Comparison(ask(case), oracles.gradient_at(case.problem.query, case.point), ask.rounding(case))


@property_for(
    (Mode.EXACT,),
    "one_step_cases",
    cause="the Hessian is taken at another point, or multiplies another gradient, than in the formula",
    nu=1,
)
def one_step(ask: Ask, case: Case) -> Comparison:
    """nu = 1 is Per-FedAvg (arXiv 2002.07948): (I - alpha hess f(w)) grad f(w - alpha grad f(w))."""
    after = case.point - case.alpha * oracles.gradient_at(case.problem.support, case.point)
    outer = oracles.gradient_at(case.problem.query, after)
    expected = outer - case.alpha * oracles.hessian_at(case.problem.support, case.point) @ outer
    return Comparison(ask(case), expected, ask.rounding(case))


@property_for(
    (Mode.EXACT,),
    "turning_cases",
    cause="a factor is missing, in the wrong place of the product, or evaluated at the wrong point",
    large=True,
)
def jacobian_product(ask: Ask, case: Case) -> Comparison:
    """S1: grad F(w) = P^0 P^1 ... P^{nu-1} grad f(w^nu), P^l = I - alpha hess f(w^l), which need not commute."""
    expected = oracles.jacobian_product(case.problem, case.point, case.alpha, case.nu)
    return Comparison(ask(case), expected, ask.rounding(case))


@property_for(
    (Mode.EXACT,),
    "network_cases",
    cause="part of the second derivative is lost (a block between layers, or a graph that was cut)",
)
def derivative_of_meta_loss(ask: Ask, case: Case) -> Comparison:
    """grad F is the derivative of w -> f(w^nu(w)), here of a tanh network by complex steps: no Hessian is formed."""
    expected = oracles.complex_step(case.problem, case.point, case.alpha, case.nu)
    return Comparison(ask(case), expected, ask.rounding(case))


@property_for(
    (Mode.EXACT,),
    "long_cases",
    cause="the product is cut after a number of steps, or its first factor is not at w",
    varies=("nu",),
)
def semigroup(ask: Ask, case: Case) -> Comparison:
    """grad F^(nu)(w) = (I - alpha hess f(w)) grad F^(nu-1)(w - alpha grad f(w)), also for many steps."""
    after = case.point - case.alpha * oracles.gradient_at(case.problem.support, case.point)
    rest = case.but(w=tuple(float(x) for x in after), nu=case.nu - 1)
    factor = np.eye(case.problem.d) - case.alpha * oracles.hessian_at(case.problem.support, case.point)
    # The rounding of w^1 to the dtype is one of those that the bound for the whole trajectory counts.
    tolerance = ask.rounding(case) + float(np.linalg.norm(factor, 2)) * ask.rounding(rest)
    return Comparison(ask(case), factor @ ask(rest), tolerance)


@property_for(
    (Mode.EXACT,),
    "short_step_cases",
    cause="fine-tuning stops early once a step is small, or half of the derivative is missing",
)
def slope_in_alpha(ask: Ask, case: Case) -> Comparison:
    """The linear term in alpha is -2 nu hess f grad f (first-order mode has half of it), however small alpha is.

    On quadratics grad F(w) = A (I - alpha A)^(2 nu) (w - c), so what the linear term leaves is at most
    sum_{j >= 2} binomial(2 nu, j) (alpha L)^j norm(grad f(w)). With a query loss of Hessian A' and minimum c' it is
    P A' (c - c') + P A' P (w - c), P = (I - alpha A)^nu: linear term -nu (A grad q + A' grad s), and the norms of
    A' (c - c') and A' times that of w - c stand for norm(grad f(w)).
    """
    support, query = case.problem.support, case.problem.query
    assert isinstance(support, Quadratic)
    assert isinstance(query, Quadratic)
    inner, gradient = np.array(support.A), oracles.gradient_at(query, case.point)
    size, slope = float(np.linalg.norm(gradient)), -2 * case.nu * inner @ gradient
    if query is not support:
        outer, away = np.array(query.A), np.array(support.c) - np.array(query.c)
        length = float(np.linalg.norm(case.point - np.array(support.c)))
        size = float(np.linalg.norm(outer @ away)) + float(np.linalg.norm(outer, 2)) * length
        slope = -case.nu * (inner @ gradient + outer @ oracles.gradient_at(support, case.point))
    power, x = 2 * case.nu, case.alpha * float(np.linalg.norm(inner, 2))
    rest = sum(math.comb(power, j) * x**j for j in range(2, power + 1)) * size
    # Both are bounds on the same numbers; a relative 1e-12 covers the rounding of the spectral norm.
    tolerance = (rest * (1 + 1e-12) + ask.rounding(case) + ask.rounding(case.but(nu=0))) / case.alpha
    return Comparison((ask(case) - gradient) / case.alpha, slope, tolerance)
