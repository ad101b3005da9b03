"""Code that fixes steps, probe length or precision, or hands back parameters; rounds in every mode."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from empirics import InputError
from empirics.algorithm.modes import FULL_BATCH, SAMPLED
from empirics.testing import (
    Case,
    CheckFailedError,
    Quadratic,
    check_meta_gradient,
    check_round,
    check_stochastic,
    on_modules,
    replay,
)
from empirics.testing.fixed import Fixed
from empirics.testing.tables import CHECKERS, META_GRADIENT
from tests.properties.implementations import our_round, right, right_round, right_stochastic
from tests.properties.test_module_loops import loop

NUMPY = {"dtype": "numpy.float64", "max_examples": 5}


def rejected(checker, f, **options):
    with pytest.raises(CheckFailedError) as caught:
        checker(f, **options)
    return caught.value


def one_step(problem, w, alpha, nu, mode, delta):
    """Per-FedAvg, whatever nu is."""
    v = problem.gradient(w - alpha * problem.gradient(w))
    return v - alpha * problem.hvp(w, v)


def own_probe(problem, w, alpha, nu, mode, delta):
    """Per-FedAvg (HF) with its own delta."""
    return right(problem, w, alpha, nu, mode, 1e-3)


def single_only(problem, w, alpha, nu, mode, delta):
    if w.dtype != torch.float32:
        raise TypeError("expected float32")
    return right(problem, w, alpha, nu, mode, delta)


def new_parameters(problem, w, alpha, nu, mode, delta):
    return w - right(problem, w, alpha, nu, mode, delta)


def test_one_step_code_is_right_when_it_is_said():
    assert "semigroup" not in {name for name, _ in check_meta_gradient(one_step, nu=1, **NUMPY).worst}
    assert rejected(check_meta_gradient, one_step, **NUMPY).failures


@pytest.mark.parametrize("nu", [1, 3])
@pytest.mark.parametrize("mode", FULL_BATCH)
def test_any_number_of_steps_can_be_fixed(mode, nu):
    def f(problem, w, alpha, given, mode, delta):
        assert given == nu
        return right(problem, w, alpha, nu, mode, delta)

    report = check_meta_gradient(f, modes=[mode], nu=nu, **{**NUMPY, "max_examples": 3})
    bounds = ("slope_in_alpha", "first_order_error", "hessian_free_error", "hessian_free_rate")
    assert max(ratio for (name, _), ratio in report.worst.items() if name not in bounds) < 0.5


def test_wrong_one_step_code_is_named():
    found = rejected(check_meta_gradient, lambda f, w, alpha, *_: f.gradient(w - alpha * f.gradient(w)), nu=1, **NUMPY)
    assert "all Hessians are dropped (first order)" in found.failures[0].cause


def test_a_probe_of_ones_own_is_right_when_it_is_said():
    options = {"modes": ["hessian_free"], **NUMPY}
    check_meta_gradient(own_probe, delta=1e-3, **options)
    rejected(check_meta_gradient, own_probe, delta=1e-2, **{**options, "max_examples": 2})


def test_code_for_float32_only_is_asked_in_float32():
    check_meta_gradient(single_only, dtype=torch.float32, max_examples=5)
    assert "TypeError" in rejected(check_meta_gradient, single_only, max_examples=5).failures[0].cause


@pytest.mark.parametrize("mode", FULL_BATCH)
@pytest.mark.parametrize("dtype", ["numpy.float64", "torch.float32"])
def test_new_parameters_in_place_of_a_gradient(mode, dtype):
    check_meta_gradient(new_parameters, returns="parameters", modes=[mode], dtype=dtype, max_examples=3)


def test_new_parameters_are_no_gradient():
    rejected(check_meta_gradient, new_parameters, nu=1, dtype="numpy.float64", max_examples=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f, w, g: w - 1.001 * g, ""),
        (lambda f, w, g: w + g, "the sign of the whole answer is wrong"),
        (lambda f, w, g: w - f.gradient(w), "nothing is adapted"),
    ],
)
def test_wrong_parameters_are_found(change, words):
    def f(problem, w, alpha, nu, mode, delta):
        return change(problem, w, right(problem, w, alpha, nu, mode, delta))

    assert words in rejected(check_meta_gradient, f, returns="parameters", **NUMPY).failures[0].cause


def test_parameters_updated_in_place_are_still_noticed():
    def f(problem, w, alpha, nu, mode, delta):
        w -= right(problem, w, alpha, nu, mode, delta)
        return w

    found = rejected(check_meta_gradient, f, returns="parameters", **NUMPY)
    assert [each.property for each in found.failures] == ["untouched_input"]


def test_a_loop_on_modules_may_return_parameters():
    def train(module, *rest):
        return [p - g for p, g in zip(module.parameters(), loop(module, *rest), strict=True)]

    check_meta_gradient(on_modules(train), returns="parameters", nu=1, max_examples=2)


def test_the_rounding_of_parameters_by_hand():
    # w = 2^30 and g = 1/4 at float32: w - g rounds to w, so nothing is left of g, and that is allowed.
    case = Case(Quadratic(A=((2.0**-32,),), c=(0.0,)), w=(2.0**30,), alpha=0.0, nu=1)
    kept = replay("jacobian_product", new_parameters, case, "numpy.float32", returns="parameters")
    assert (kept.found.tolist(), kept.holds) == ([0.0], True)
    assert not replay("jacobian_product", lambda *_: np.zeros(1), case, "numpy.float32").holds


def test_the_script_says_what_is_returned():
    found = rejected(check_meta_gradient, one_step, returns="parameters", nu=1, **NUMPY)
    assert found.failures[0].script.endswith('"numpy.float64", returns="parameters"))')


@pytest.mark.parametrize("mode", FULL_BATCH)
def test_rounds_in_every_mode(mode):
    check_round(our_round, modes=[mode], max_examples=3)
    check_round(right_round, modes=[mode], nu=1, delta=1e-3, **NUMPY)


@pytest.mark.parametrize(
    ("mode", "run", "words"),
    [
        ("first_order", "exact", "meta-gradients are exact (the mode is ignored)"),
        ("hessian_free", "exact", "meta-gradients are exact (the mode is ignored)"),
        ("exact", "first_order", "all Hessians are dropped (first order)"),
    ],
)
def test_a_round_in_another_mode_is_named(mode, run, words):
    def wrong(problems, w, setting):
        from dataclasses import replace

        return right_round(problems, w, replace(setting, mode=run))

    causes = [each.cause for each in rejected(check_round, wrong, modes=[mode], **NUMPY).failures]
    assert any(words in cause for cause in causes)


@pytest.mark.parametrize("mode", SAMPLED)
def test_stochastic_code_of_one_step(mode):
    def f(samples, w, alpha, nu, mode, delta):
        assert nu == 1
        return right_stochastic(samples, w, alpha, 1, mode, delta)

    check_stochastic(f, modes=[mode], nu=1, **NUMPY)


def test_bad_settings_are_refused():
    for options, word in [
        ({"nu": 0}, "nu = 0"),
        ({"nu": 1.5}, "nu = 1.5"),
        ({"delta": -1.0}, "delta = -1.0"),
        ({"delta": float("nan")}, "delta = nan"),
        ({"returns": "weights"}, "returns = 'weights'"),
    ]:
        with pytest.raises(InputError, match=word):
            check_meta_gradient(right, **options)
    with pytest.raises(InputError, match="nu = 5: expected at most 4"):
        check_stochastic(right_stochastic, nu=5)


def test_only_what_varies_is_left_out():
    left_out = {own.name for own in META_GRADIENT.properties if not Fixed(nu=2).allows(own)}
    assert left_out == {"one_step", "semigroup"}
    probes = {own.name for checker in CHECKERS for own in checker.properties if not Fixed(delta=1e-3).allows(own)}
    assert probes == {"unit_of_loss", "unit_of_parameters"}
