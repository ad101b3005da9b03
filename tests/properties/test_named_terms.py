"""Every vector of a meta-gradient is reported by its name, in order: what a diagnosis of divergence relies on."""

from __future__ import annotations

import pytest
import torch

from empirics import Draws, InputError, MetaFedAvg, QuadraticTask
from empirics.algorithm.meta_gradients import draw_batches, evaluate
from empirics.algorithm.one_round import one_round

TASK = QuadraticTask([[[1.0]], [[0.5]]], [[0.0], [1.0]])
W = torch.tensor([[[2.0], [3.0]]], dtype=torch.float64)
TRAJECTORY = ["trajectory point w^1", "trajectory point w^2"]
SWEEP = ["Hessian-vector product at w^1", "Hessian-vector product at w^0"]
MODES = {
    "exact": SWEEP,
    "first_order": [],
    "hessian_free": SWEEP,
    "stochastic": SWEEP,
    "first_order_stochastic": [],
    "hessian_free_stochastic": SWEEP,
}


def options(mode):
    batches = draw_batches(TASK, Draws(0, 0, 0, torch.arange(1)), mode, 2, (1, 1, 1))
    given = {"batches": batches} if mode.endswith("stochastic") else {}
    return {**given, "delta": 0.5} if mode.startswith("hessian_free") else given


@pytest.mark.parametrize(("mode", "sweep"), MODES.items())
def test_terms_are_the_trajectory_the_outer_gradient_and_the_sweep(mode, sweep):
    seen = []
    evaluate(TASK, W, 0.5, 2, mode, watch=lambda term, vector: seen.append((term, vector)), **options(mode))
    assert [term for term, _ in seen] == [*TRAJECTORY, "outer gradient", *sweep]
    # Agent 0: w halves at each step, 2, 1, 1/2, whose gradient is 1/2; each factor 1 - alpha halves it again.
    values = [float(vector[0, 0, 0]) for _, vector in seen]
    assert values == [1.0, 0.5, 0.5, *([0.25, 0.125] if sweep else [])]


def test_a_round_names_its_local_iterates():
    seen = []
    settings = MetaFedAvg(0.5, 1, 0.1, 2)
    one_round(settings, TASK, W[:, 0], 0, 0, torch.arange(1), watch=lambda term, vector: seen.append(term))
    step = ["trajectory point w^1", "outer gradient", "Hessian-vector product at w^0", "local iterate"]
    assert seen == step * 2


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in ("exact", "first_order")])
def test_a_mode_without_its_options_says_so(mode):
    with pytest.raises(InputError) as caught:
        evaluate(TASK, W, 0.5, 2, mode)
    assert str(caught.value) == f"mode {mode} lacks its batches or its delta: expected both where the mode needs them"


def test_each_option_alone_is_not_enough():
    given = options("hessian_free_stochastic")
    for name in given:
        with pytest.raises(InputError, match="hessian_free_stochastic lacks"):
            evaluate(TASK, W, 0.5, 2, "hessian_free_stochastic", **{name: given[name]})
