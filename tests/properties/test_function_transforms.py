"""Transforms of torch.func go through generated losses, and nothing made under one outlives it."""

from __future__ import annotations

import pytest
import torch
from torch.func import grad, hessian, jacfwd, jacrev, vmap

from empirics.testing import Network, Quadratic, Ridge, check_meta_gradient

LOSSES = [
    Quadratic(((2.0, 0.5), (0.5, -1.0)), (1.0, -0.5)),
    Ridge("logistic", ((1.0, 0.5), (-0.5, 2.0)), (0.5, 0.5), (0.0, 0.0), (0.0, 0.0)),
    Network(((1.0,),), (0.5,), hidden=1),
]


def adapted(problem, w, alpha, nu):
    for _ in range(nu):
        w = w - alpha * grad(problem.loss)(w)
    return problem.loss(w)


def test_the_same_call_twice_by_hand():
    # f = w^2/2: F(w) = (w/2)^2/2 at alpha = 1/2, so F'(1) = 1/4.
    problem, w = Quadratic(((1.0,),), (0.0,)), torch.ones(1, dtype=torch.float64)
    for _ in range(2):
        assert grad(lambda point: adapted(problem, point, 0.5, 1))(w).tolist() == [0.25]


@pytest.mark.parametrize("transform", [grad, jacrev, jacfwd])
def test_transforms_as_meta_gradients_pass(transform):
    def f(problem, w, alpha, nu, mode, delta):
        return transform(lambda point: adapted(problem, point, alpha, nu))(w)

    check_meta_gradient(f, max_examples=3)


@pytest.mark.parametrize("problem", LOSSES, ids=lambda problem: type(problem).__name__)
def test_transforms_and_plain_calls_alternate(problem):
    w = torch.linspace(0.5, -0.25, problem.d, dtype=torch.float64)
    v = torch.ones_like(w)
    for _ in range(2):
        torch.testing.assert_close(jacrev(problem.loss)(w), problem.gradient(w))
        torch.testing.assert_close(hessian(problem.loss)(w) @ v, problem.hvp(w, v))
        torch.testing.assert_close(vmap(problem.gradient)(torch.stack([w, 2 * w]))[1], problem.gradient(2 * w))
