"""What the docstrings of the strategies claim about what they draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import InputError, MetaFedAvg
from empirics.testing import Network, Quadratic, Ridge, as_task, constants_of, oracles
from empirics.testing.arrays import Arrays
from empirics.testing.round_strategies import quadratic_rounds
from empirics.testing.sampled_strategies import sampled_quadratics, sampled_ridges
from empirics.testing.strategies import REGION, around, curvature, problems, quadratics, ridges, turning, vectors

QUICK = settings(settings.get_profile("ci"), max_examples=20)
NUMPY = Arrays("numpy", "float64")
EPS = np.finfo(float).eps


@QUICK
@given(st.integers(1, 4).flatmap(quadratics))
def test_the_constants_of_quadratics_are_exact(problem):
    constants, eigenvalues = constants_of(problem), np.linalg.eigvalsh(problem.A)
    assert {constants[name].side for name in ("L", "mu", "rho")} == {"exact"}
    # eigvalsh is backward stable: off by a few eps times the norm.
    size = 16 * EPS * max(np.linalg.norm(problem.A), 1.0)
    assert constants["mu"].value == pytest.approx(eigenvalues.min(), rel=0, abs=size)
    assert constants["L"].value == pytest.approx(np.abs(eigenvalues).max(), rel=0, abs=size)


@QUICK
@given(ridges(1, 1))
def test_the_constants_of_a_single_cosine_are_exact(problem):
    constants = constants_of(problem)
    if problem.kind == "cosine":
        assert {constants[name].side for name in ("B", "L", "rho")} == {"exact"}
        slope = abs(problem.s[0] * problem.a[0][0])
        assert constants["B"].value == slope + abs(problem.b[0])
    assert {"B", "L", "rho"} <= set(constants)


@QUICK
@given(st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(lambda size: st.tuples(ridges(*size), vectors(size[0]))))
def test_the_constants_bound_the_derivatives(given_):
    problem, w = given_
    constants, w = constants_of(problem), np.array(w)
    gradient, hessian = oracles.gradient_at(problem, w), oracles.hessian_at(problem, w)
    # 1e-12: rounding of the left sides, of size at most 60.
    assert np.linalg.norm(gradient) <= constants["B"].value + 1e-12
    assert np.linalg.norm(hessian, 2) <= constants["L"].value + 1e-12 <= curvature(problem) + 2e-12
    moved = w + 0.01
    change = np.linalg.norm(oracles.hessian_at(problem, moved) - hessian, 2)
    assert change <= constants["rho"].value * np.linalg.norm(moved - w) + 1e-12


@QUICK
@given(problems())
def test_the_easy_bound_on_the_curvature_is_one(problem):
    assert constants_of(problem)["L"].value <= curvature(problem) * (1 + 1e-12)


@QUICK
@given(turning())
def test_hessians_of_turning_cases_do_not_commute(case):
    first, second = oracles.trajectory(case.problem, case.point, case.alpha, 1)
    one, two = oracles.hessian_at(case.problem, first), oracles.hessian_at(case.problem, second)
    a1, a2 = (np.outer(a, a) for a in case.problem.a)
    bracket = np.linalg.norm(one @ two - two @ one)
    (s1, s2), (t1, t2) = case.problem.s, np.array(case.problem.a) @ first + case.problem.phi
    fall = np.cos(t1) - np.cos(np.dot(case.problem.a[0], second) + case.problem.phi[0])
    expected = abs(s1 * s2 * np.cos(t2) * fall) * np.linalg.norm(a1 @ a2 - a2 @ a1)
    assert expected > 0
    # Products of matrices of size up to 20: a few dozen roundings.
    assert bracket == pytest.approx(expected, rel=1e-9, abs=1e-11)


@QUICK
@given(st.sampled_from(("stochastic", "hessian_free_stochastic")).flatmap(lambda m: sampled_quadratics(m, NUMPY)))
def test_sampled_quadratics_have_noise_in_gradient_and_hessian(case):
    assert np.linalg.norm(oracles.gradient_at(case.noise, case.point)) > 0
    assert np.linalg.norm(case.noise.A) > 0


@QUICK
@given(sampled_ridges("stochastic", NUMPY))
def test_the_noise_of_sampled_ridges_is_within_its_constants(case):
    constants = constants_of(case.noise)
    # 1e-12: rounding of the left sides.
    assert np.linalg.norm(oracles.gradient_at(case.noise, case.point)) <= constants["B"].value + 1e-12
    assert np.linalg.norm(oracles.hessian_at(case.noise, case.point), 2) <= constants["L"].value + 1e-12


@QUICK
@given(quadratic_rounds("exact", NUMPY))
def test_rounds_are_inside_on_or_just_outside_the_admissible_region(case):
    setting = case.setting
    L = max(curvature(problem) for problem in case.problems)
    h = setting.beta * setting.tau * (1 + setting.alpha * L) ** (2 * setting.nu) * L
    assert min(abs(h - edge) for edge in (0.25, 0.5, 1.0, 1 + 2.0**-10)) < 1e-12
    MetaFedAvg(setting.alpha, setting.nu, setting.beta, setting.tau)


def test_the_region_has_an_inside_an_edge_and_an_outside():
    assert min(REGION) < 1 < max(REGION)
    assert 1.0 in REGION
    assert any(1 < factor < 1.01 for factor in REGION)


@QUICK
@given(quadratics(1).flatmap(lambda problem: around(problem, "hessian_free", (0, 2))))
def test_probes_are_positive_where_they_are_needed(case):
    assert case.delta > 0


def test_what_does_not_fit_one_task_is_refused():
    one = Quadratic(A=((1.0,),), c=(0.0,))
    two = Ridge("cosine", ((1.0,),), (1.0,), (0.0,), (0.0,))
    with pytest.raises(InputError, match="ridge sums of one kind"):
        as_task([one, two])
    with pytest.raises(InputError, match="ridge sums of one kind"):
        as_task([Network(x=((1.0,),), y=(0.0,), hidden=1)])
    with pytest.raises(InputError, match="no linear term"):
        as_task([Ridge("logcosh", ((1.0,),), (1.0,), (0.0,), (1.0,))])
    with pytest.raises(InputError, match="phases 0"):
        as_task([Ridge("logistic", ((1.0,),), (1.0,), (0.5,), (0.0,))])
