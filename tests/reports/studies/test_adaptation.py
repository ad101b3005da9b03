"""What a study measures of a model, against plain autograd and dense Hessians."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import empirics
from reports.studies.adaptation import adapted, curvature, gradient_spread, objective
from reports.studies.agents import CLASSES, network, population
from tests.reports.studies.tiny_study import SKEWED


@pytest.fixture(scope="module")
def tasks():
    made = population(SKEWED, 0, seen=2, new=1, samples=6, held_out=5)
    return made, made.tasks(network([64, 4, CLASSES], 7), "cpu")


def test_accuracy_and_loss_after_steps_are_those_of_plain_autograd(tasks) -> None:
    made, (_, own, held) = tasks
    accuracy, loss = adapted(own, held, own.start.unsqueeze(0), 0.3, 2)
    for agent in range(3):
        module = network([64, 4, CLASSES], 7).double()
        x, y = torch.as_tensor(made.x[agent]).double(), torch.as_tensor(made.y[agent])
        x_held, y_held = torch.as_tensor(made.x_held[agent]).double(), torch.as_tensor(made.y_held[agent])
        for step in range(3):
            scores = module(x_held).detach()
            # the study runs in float32: 24 bits, over three short sums
            expected = float(torch.nn.functional.cross_entropy(scores, y_held))
            assert loss[0, step, agent] == pytest.approx(expected, rel=1e-4)
            assert accuracy[0, step, agent] == pytest.approx(float((scores.argmax(-1) == y_held).double().mean()))
            gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(module(x), y), list(module.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(module.parameters(), gradients, strict=True):
                    parameter -= 0.3 * gradient


@pytest.mark.parametrize("nu", [0, 1, 3])
def test_the_objective_is_the_meta_loss(tasks, nu: int) -> None:
    _, (seen, _, _) = tasks
    expected = empirics.meta_loss(seen, seen.start, 0.2, nu).mean()
    # two float32 evaluations of one function
    assert objective(seen, seen.start.unsqueeze(0), 0.2, nu)[0] == pytest.approx(float(expected), rel=1e-5)


def test_curvature_is_the_largest_eigenvalue_from_below() -> None:
    made = population(SKEWED, 0, seen=2, new=0, samples=5, held_out=1)
    seen, _, _ = made.tasks(network([64, 2, CLASSES], 3), "cpu")
    wide = seen.to(dtype=torch.float64)
    w = wide.start.unsqueeze(0)
    exact = torch.linalg.eigvalsh(wide.hessian(w.expand(2, -1))).abs().amax(-1).numpy()
    found = curvature(wide, w, 0)[0]
    assert (found <= exact * (1 + 1e-10)).all()  # float64 rounding of the Rayleigh quotient's numerator
    assert (found >= 0.9 * exact).all()


def test_gradient_spread_is_the_spread(tasks) -> None:
    _, (seen, _, _) = tasks
    gradients = seen.gradient(seen.start).double().numpy()
    expected = np.sqrt(((gradients - gradients.mean(0)) ** 2).sum(1).mean())
    assert gradient_spread(seen, seen.start.unsqueeze(0))[0] == pytest.approx(expected, rel=1e-6)
