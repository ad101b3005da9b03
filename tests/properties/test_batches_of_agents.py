"""Many agents and replicas at once are the same as one after another, in whatever order."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics import MODES, MetaFedAvg, Noise, QuadraticTask, meta_gradient
from empirics.testing import oracles
from empirics.testing.strategies import curvature, quadratics, ridges, vectors
from empirics.testing.tolerances import meta_gradient_rounding
from tests.properties.implementations import task_of

QUICK = settings(settings.get_profile("ci"), max_examples=20)
EPS = np.finfo(float).eps
FULL = ("exact", "first_order", "hessian_free")


@st.composite
def crowds(draw):
    """Two to four agents of one family, a point for each, a mode."""
    d, n = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    family = draw(st.sampled_from((quadratics(d), ridges(d, 2))))
    agents = [draw(family) for _ in range(n)]
    points = [draw(vectors(d)) for _ in range(n)]
    alpha = 0.5 / max(curvature(agent) for agent in agents)
    return (
        agents,
        torch.tensor(points, dtype=torch.float64),
        alpha,
        draw(st.integers(0, 3)),
        draw(st.sampled_from(FULL)),
    )


def batched(agents, w, alpha, nu, mode):
    delta = 0.125 if mode == "hessian_free" else None
    return meta_gradient(task_of(tuple(agents), torch.float64), w, alpha, nu, mode, delta=delta)


def roundings(agents, w, alpha, nu, mode):
    delta = 0.125 if mode == "hessian_free" else None
    points = zip(agents, w.numpy(), strict=True)
    return torch.tensor([meta_gradient_rounding(f, x, alpha, nu, mode, delta, EPS) for f, x in points])


@QUICK
@given(crowds())
def test_batched_is_looped_is_the_oracle(crowd):
    agents, w, alpha, nu, mode = crowd
    together, allowed = batched(*crowd), roundings(*crowd)
    alone = torch.cat([batched([f], x[None], alpha, nu, mode) for f, x in zip(agents, w, strict=True)])
    delta = 0.125 if mode == "hessian_free" else None
    oracle = [oracles.meta_gradient_of(f, x, alpha, nu, mode, delta) for f, x in zip(agents, w.numpy(), strict=True)]
    assert bool(((together - alone).norm(dim=-1) <= 2 * allowed).all())
    assert bool(((together - torch.tensor(np.array(oracle))).norm(dim=-1) <= allowed).all())


@QUICK
@given(crowds())
def test_relabelled_agents_are_relabelled_rows(crowd):
    agents, w, alpha, nu, mode = crowd
    turned = batched(agents[::-1], w.flip(0), alpha, nu, mode).flip(0)
    assert bool(((turned - batched(*crowd)).norm(dim=-1) <= 2 * roundings(*crowd)).all())


@QUICK
@given(crowds())
def test_duplicated_agents_are_duplicated_rows_and_leave_a_round_alone(crowd):
    agents, w, alpha, nu, mode = crowd
    twice = batched(agents * 2, torch.cat([w, w]), alpha, nu, mode)
    allowed = 2 * torch.cat([roundings(*crowd)] * 2)
    assert bool(((twice - torch.cat([batched(*crowd)] * 2)).norm(dim=-1) <= allowed).all())
    setting = MetaFedAvg(alpha, nu, beta=0.125 * alpha, tau=2)
    start = w[0]
    once, again = (setting.run(task_of(tuple(group), w.dtype), start, 1).iterates for group in (agents, agents * 2))
    # Two local steps of length beta <= 1/8 alpha from points of size 6: rounding of both is far below 1e-10.
    torch.testing.assert_close(once, again, rtol=0, atol=1e-10)


@QUICK
@given(crowds(), st.integers(2, 3))
def test_replicas_are_independent_of_one_another(crowd, replicas):
    agents, w, alpha, nu, mode = crowd
    stack = torch.stack([w + k for k in range(replicas)])
    together = batched(agents, stack, alpha, nu, mode)
    for k in range(replicas):
        allowed = 2 * roundings(agents, w + k, alpha, nu, mode)
        assert bool(((together[k] - batched(agents, w + k, alpha, nu, mode)).norm(dim=-1) <= allowed).all())


@QUICK
@given(st.sampled_from([mode for mode in MODES if mode.endswith("stochastic")]), st.integers(1, 3), st.integers(0, 2))
def test_a_run_in_chunks_is_the_run(mode, chunk, seed):
    agents = [[[1.0, 0.5], [0.5, 2.0]], [[0.5, 0.0], [0.0, 1.5]], [[1.0, -0.5], [-0.5, 1.0]]]
    noise = Noise.coordinate(3, 2, gradient=0.25, amplitude=0.125, frequency=2.0)
    task = QuadraticTask(agents, [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]], noise=noise)
    options = {"delta": 0.125} if mode.startswith("hessian_free") else {}
    runs = [
        MetaFedAvg(0.25, 2, 0.1, 2, participants=2, mode=mode, D=2, D_prime=3, D_H=1, chunk=own, **options).run(
            task, [0.5, -0.5], 3, seed=seed, replicas=4
        )
        for own in (chunk, 4)
    ]
    # The documented limit between different chunks.
    torch.testing.assert_close(runs[0].iterates, runs[1].iterates, rtol=1e-10, atol=1e-10)
