"""Mistakes met in federated code: the checkers name each, and it alone, from all cases that failed together."""

from __future__ import annotations

import numpy as np
import pytest

from empirics.testing import CheckFailedError, check_meta_gradient, check_round
from tests.properties.implementations import fine_tuned, right, swept


def cause(checker, f, **options):
    with pytest.raises(CheckFailedError) as caught:
        checker(f, **{"dtype": "numpy.float64", "max_examples": 5, **options})
    return caught.value.failures[0].cause


def zero(f, w, alpha, nu, mode, delta):
    return 0 * w


def unchanged(f, w, alpha, nu, mode, delta):
    return w


def parameters(f, w, alpha, nu, mode, delta):
    return w - right(f, w, alpha, nu, mode, delta)


def last_hessian_only(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, alpha, nu)
    return swept(f.hvp, f.gradient(last), points[-1:], alpha)


def reptile(f, w, alpha, nu, mode, delta):
    points = fine_tuned(f, w, alpha, nu)
    return sum((f.gradient(point) for point in points[:-1]), 0 * w) if nu else f.gradient(w)


def first_order_one_step_early(f, w, alpha, nu, mode, delta):
    return f.gradient(fine_tuned(f, w, alpha, nu)[max(nu - 1, 0)])


@pytest.mark.parametrize(
    ("f", "mode", "words"),
    [
        (zero, "exact", "the answer is zero"),
        (unchanged, "exact", "w is returned as it was"),
        (parameters, "exact", "new parameters w - g are returned"),
        (last_hessian_only, "exact", "only the last Hessian factor is kept"),
        (reptile, "exact", "added up (Reptile)"),
        (first_order_one_step_early, "first_order", "the gradient is taken at w^(nu-1)"),
    ],
)
def test_a_mistake_is_named_alone(f, mode, words):
    told = cause(check_meta_gradient, f, modes=[mode])
    assert words in told
    assert "do not tell these apart" not in told


def test_a_meta_step_from_the_fine_tuned_point_is_named():
    def f(problem, w, alpha, nu, mode, delta):
        return fine_tuned(problem, w, alpha, nu)[-1] - right(problem, w, alpha, nu, mode, delta)

    told = cause(check_meta_gradient, f, returns="parameters", nu=1)
    assert told.endswith("the meta step is taken from the fine-tuned point w^nu")


def round_of(step):
    def f(problems, w, setting):
        ends = []
        for problem in problems:
            x = w
            for _ in range(setting.tau):
                x = step(problem, x, setting)
            ends.append(x)
        return np.mean(ends, axis=0)

    return f


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            lambda f, x, s: fine_tuned(f, x, s.alpha, s.nu)[-1] - s.beta * right(f, x, s.alpha, s.nu, "exact", None),
            "local meta steps are taken from the fine-tuned points",
        ),
        (lambda f, x, s: x, "the server's w is returned as it was"),
        (lambda f, x, s: x - s.beta * right(f, x, s.alpha, s.nu, "first_order", None), "all Hessians are dropped"),
    ],
    ids=["from_the_fine_tuned", "unchanged", "first_order"],
)
def test_a_mistake_of_a_round_is_named_alone(step, words):
    told = cause(check_round, round_of(step))
    assert words in told
    assert "do not tell these apart" not in told
