"""Ordinary MAML: fine-tuning on a support loss, the outer gradient of a query loss, in every checker."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from empirics.algorithm.modes import FULL_BATCH, SAMPLED
from empirics.testing import (
    Case,
    CheckFailedError,
    Quadratic,
    SupportQuery,
    check_meta_gradient,
    check_round,
    check_stochastic,
    module_problem,
    on_episodes,
    oracles,
    replay,
)
from tests.properties.implementations import maml, right, right_round, right_stochastic

NUMPY = {"dtype": "numpy.float64", "query": True}


def maml_round(agents, w, setting):
    return right_round(agents, w, setting, maml)


def episodes(module, support, query, loss, alpha, nu):
    fast = dict(module.named_parameters())
    for _ in range(nu):
        value = loss(functional_call(module, fast, (support[0],)), support[1])
        grads = torch.autograd.grad(value, list(fast.values()), create_graph=True)
        fast = {n: p - alpha * g for (n, p), g in zip(fast.items(), grads, strict=True)}
    return torch.autograd.grad(loss(functional_call(module, fast, (query[0],)), query[1]), list(module.parameters()))


def test_by_hand():
    # s = w^2/2, q = 3 (w - 1)^2/2, alpha = 1/2, w = 8: one step to 4, q'(4) = 9, and 1 - alpha s'' = 1/2.
    line = SupportQuery(Quadratic(((1.0,),), (0.0,)), Quadratic(((3.0,),), (1.0,)))
    assert oracles.jacobian_product(line, np.array([8.0]), 0.5, 1).tolist() == [4.5]
    assert oracles.complex_step(line, np.array([8.0]), 0.5, 1).tolist() == pytest.approx([4.5], rel=1e-15)
    assert replay("one_step", maml, Case(line, (8.0,), 0.5, 1)).holds
    assert oracles.first_order(line, np.array([8.0]), 0.5, 1).tolist() == [9.0]


@pytest.mark.parametrize("dtype", ["numpy.float64", "torch.float32"])
def test_maml_passes_in_every_mode(dtype):
    check_meta_gradient(maml, modes=FULL_BATCH, dtype=dtype, query=True, max_examples=8)


def test_one_loss_is_support_and_query_at_once():
    check_meta_gradient(maml, dtype="numpy.float64", max_examples=3)


def test_a_round_of_maml_passes():
    check_round(maml_round, modes=FULL_BATCH, **NUMPY, max_examples=6)


def test_stochastic_maml_passes():
    check_stochastic(right_stochastic, modes=SAMPLED, **NUMPY, max_examples=8)


def test_episodes_on_modules_pass():
    check_meta_gradient(on_episodes(episodes), max_examples=4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"outer": "support"}, "the outer loss is the support loss"),
        ({"fine_tuning": "query"}, "fine-tuning goes down the query loss, and the Hessians are the support loss's"),
        ({"hessians": "query"}, "the Hessians are those of the query loss"),
        ({"fine_tuning": "query", "hessians": "query"}, "everything is done on the query loss"),
        ({"fine_tuning": "query", "hessians": "query", "outer": "support"}, "support and query are exchanged"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_the_wrong_loss_is_named(options, words):
    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(lambda *a: maml(*a, **options), **NUMPY, max_examples=8)
    assert words in caught.value.failures[0].cause
    assert "do not tell these apart" not in caught.value.failures[0].cause


def test_code_that_knows_one_loss_is_told_so():
    with pytest.raises(CheckFailedError, match="'SupportQuery' object has no attribute 'gradient'"):
        check_meta_gradient(right, **NUMPY, max_examples=1)


def test_one_batch_for_support_and_query_fails():
    def careless(samples, w, alpha, nu, mode, delta):
        batch = samples.draw("inner")
        for _ in range(nu):
            w = w - alpha * samples.gradient(w, batch)
        return samples.gradient(w, batch)

    with pytest.raises(CheckFailedError, match="noiseless"):
        check_stochastic(careless, modes=["first_order_stochastic"], **NUMPY, max_examples=5)


@pytest.fixture(scope="module")
def own():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
    data = [torch.randn(size, 2) for size in (4, 4, 3, 3)]
    return module_problem(net, *data[:2], query=(data[2], data[3]))


def test_a_module_of_ones_own_has_both_sets(own):
    seen = []

    def spy(module, support, query, loss, alpha, nu):
        seen.append((len(support[0]), len(query[0])))
        return episodes(module, support, query, loss, alpha, nu)

    check_meta_gradient(on_episodes(spy), problem=own, max_examples=1)
    assert set(seen) == {(4, 3)}


def test_sets_exchanged_on_ones_own_module(own):
    def exchanged(module, support, query, loss, alpha, nu):
        return episodes(module, query, support, loss, alpha, nu)

    with pytest.raises(CheckFailedError) as caught:
        check_meta_gradient(on_episodes(exchanged), problem=own, max_examples=1)
    assert "support and query are exchanged" in caught.value.failures[0].cause
