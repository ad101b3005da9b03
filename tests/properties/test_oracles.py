"""The oracles against one another, against 60-digit arithmetic, and against the losses that users are given."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics.testing import Network, Quadratic, Ridge, oracles
from empirics.testing.arrays import Arrays
from empirics.testing.strategies import cases, networks, problems, vectors

NUMPY = Arrays("numpy", "float64")
ANY = st.one_of(problems(), networks()).flatmap(lambda f: st.tuples(st.just(f), vectors(f.d), vectors(f.d)))
QUICK = settings(settings.get_profile("ci"), max_examples=20)
EPS = np.finfo(float).eps
PRECISE = {
    "cosine": mpmath.cos,
    "logcosh": lambda t: mpmath.log(mpmath.cosh(t)),
    "logistic": lambda t: mpmath.log(1 + mpmath.exp(-t)),
}


def precise_loss(problem, w):
    """The formula in mpmath."""
    if isinstance(problem, Quadratic):
        x = [entry - centre for entry, centre in zip(w, problem.c, strict=True)]
        d = range(problem.d)
        return sum(problem.A[i][j] * x[i] * x[j] for i in d for j in d) / 2 + problem.e
    if isinstance(problem, Ridge):
        total = sum((b * x for b, x in zip(problem.b, w, strict=True)), mpmath.mpf(problem.e))
        for a, s, phase in zip(problem.a, problem.s, problem.phi, strict=True):
            total += s * PRECISE[problem.kind](sum(x * y for x, y in zip(a, w, strict=True)) + phase)
        return total
    width, total = len(problem.x[0]) + 1, mpmath.mpf(0)
    for x, y in zip(problem.x, problem.y, strict=True):
        z = [*x, 1]
        rows = [w[j * width : (j + 1) * width] for j in range(problem.hidden)]
        units = [mpmath.tanh(sum(p * q for p, q in zip(row, z, strict=True))) for row in rows]
        total += (sum(p * q for p, q in zip(w[problem.hidden * width :], units, strict=True)) - y) ** 2
    return problem.scale * total / (2 * len(problem.y)) + problem.e


def precise_gradient(problem, w):
    """Central differences with h = 1e-20 in 60 digits: off by O(h^2)."""
    h, result = mpmath.mpf("1e-20"), []
    for i in range(problem.d):
        ahead, behind = ([x + sign * h * (i == j) for j, x in enumerate(w)] for sign in (1, -1))
        result.append((precise_loss(problem, ahead) - precise_loss(problem, behind)) / (2 * h))
    return result


def precise_meta_gradient(problem, w, alpha, nu):
    """Central differences with h = 1e-10 of the loss at the end of a trajectory of the above: off by O(h^2) = 1e-20."""

    def end(point):
        for _ in range(nu):
            point = [x - mpmath.mpf(alpha) * g for x, g in zip(point, precise_gradient(problem, point), strict=True)]
        return precise_loss(problem, point)

    h, start = mpmath.mpf("1e-10"), [mpmath.mpf(x) for x in w]
    sides = [[[x + s * h * (i == j) for j, x in enumerate(start)] for s in (1, -1)] for i in range(problem.d)]
    return np.array([float((end(ahead) - end(behind)) / (2 * h)) for ahead, behind in sides])


FIXED = [
    Quadratic(A=((2.0, 1.0), (1.0, -0.5)), c=(0.5, -1.0), e=0.25),
    Ridge("cosine", ((1.0, 0.5), (-0.5, 1.5)), (1.0, -0.75), (0.5, 1.0), (0.25, -0.5)),
    Ridge("logcosh", ((1.0, 0.5), (-0.5, 1.5)), (1.0, 0.75), (0.5, 1.0), (0.0, 0.0)),
    Ridge("logistic", ((1.0, 0.5), (-0.5, 1.5)), (0.5, 0.5), (0.0, 0.0), (0.0, 0.0)),
    Network(x=((0.5,), (-1.0,)), y=(1.0, -0.5), hidden=1),
]


@pytest.mark.parametrize("problem", FIXED, ids=lambda f: getattr(f, "kind", type(f).__name__))
def test_dense_jacobians_and_complex_steps_are_the_derivative_in_60_digits(problem):
    w = np.array([0.75, -0.5, 1.25][: problem.d])
    with mpmath.workdps(60):
        truth = precise_meta_gradient(problem, w, 0.25, 2)
    # Two steps on numbers of size 1: at most a few hundred roundings, and 1e-20 from the differences.
    np.testing.assert_allclose(oracles.jacobian_product(problem, w, 0.25, 2), truth, rtol=0, atol=300 * EPS)
    np.testing.assert_allclose(oracles.complex_step(problem, w, 0.25, 2), truth, rtol=0, atol=300 * EPS)


@QUICK
@given(cases("exact", NUMPY))
def test_dense_jacobians_agree_with_complex_steps(case):
    dense = oracles.jacobian_product(case.problem, case.point, case.alpha, case.nu)
    steps = oracles.complex_step(case.problem, case.point, case.alpha, case.nu)
    assert np.linalg.norm(dense - steps) <= case.rounding(EPS)


@QUICK
@given(ANY)
def test_what_users_are_given_is_the_loss_and_its_derivatives(given_):
    problem, w, v = given_
    w, v, size = np.array(w), np.array(v), problem.sizes(np.array(w))
    # Each is off by at most N eps times the sum of its terms; 16 covers both sides, as in the tolerances.
    rounding = 16 * size.operations * EPS
    assert abs(problem.loss(w) - oracles.loss_at(problem, w)) <= rounding * (
        size.gradient * (1 + np.linalg.norm(w)) + 10
    )
    assert np.linalg.norm(problem.gradient(w) - oracles.gradient_at(problem, w)) <= rounding * size.gradient
    product = oracles.hessian_at(problem, w) @ v
    assert np.linalg.norm(problem.hvp(w, v) - product) <= rounding * size.hessian * np.linalg.norm(v)


@QUICK
@given(ANY)
def test_torch_and_numpy_see_the_same_loss_and_torch_can_differentiate_it_twice(given_):
    problem, w, v = given_
    size = problem.sizes(np.array(w))
    rounding = 16 * size.operations * EPS
    leaf = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    direction = torch.tensor(v, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(problem.loss(leaf), leaf, create_graph=True)
    (product,) = torch.autograd.grad(gradient @ direction, leaf, allow_unused=True)
    expected = problem.gradient(np.array(w))
    assert np.linalg.norm(gradient.detach().numpy() - expected) <= rounding * size.gradient
    assert np.linalg.norm(problem.gradient(leaf.detach()).numpy() - expected) <= rounding * size.gradient
    hvp = problem.hvp(np.array(w), np.array(v))
    limit = rounding * size.hessian * np.linalg.norm(v)
    assert np.linalg.norm((0 if product is None else product.numpy()) - hvp) <= limit
    assert np.linalg.norm(problem.hvp(leaf.detach(), direction).numpy() - hvp) <= limit


def test_a_tolerance_is_not_an_excuse():
    # On numbers of size 1 float64 tolerances stay below 1e-11 relative: a change in the ninth digit is seen.
    for problem in FIXED:
        w = np.array([0.75, -0.5, 1.25][: problem.d])
        value = oracles.jacobian_product(problem, w, 0.25, 2)
        case_rounding = cases_rounding(problem, w)
        assert case_rounding < 1e-9 * np.linalg.norm(value)


def cases_rounding(problem, w):
    from empirics.testing import Case

    return Case(problem, tuple(w), 0.25, 2).rounding(EPS)


@pytest.mark.parametrize("problem", FIXED, ids=lambda f: getattr(f, "kind", type(f).__name__))
def test_hessian_free_oracle_tends_to_the_exact_one_like_delta_squared(problem):
    w = np.array([0.75, -0.5, 1.25][: problem.d])
    exact = oracles.jacobian_product(problem, w, 0.25, 2)
    errors = [np.linalg.norm(oracles.hessian_free(problem, w, 0.25, 2, delta) - exact) for delta in (0.04, 0.02)]
    if isinstance(problem, Quadratic):
        assert max(errors) < 1e-12
    else:
        # The next term is O(delta^4), about 1e-3 of the leading one.
        assert errors[0] / errors[1] == pytest.approx(4, abs=0.05)
