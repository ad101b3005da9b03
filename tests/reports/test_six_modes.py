"""What runs is what balls read: meta-gradients and rounds in all six modes, with and without noise, from one loss."""

from __future__ import annotations

from collections.abc import Callable

import flint
import numpy as np
import pytest
import torch
from flint import arb_mat
from hypothesis import given, settings
from hypothesis import strategies as st

import empirics
from empirics import MetaFedAvg, NetworkTask, Task
from empirics.algorithm.modes import MODES, Mode
from empirics.numerics.randomness import Draws
from empirics.tasks.sampler import Sampler, full_loss_bounds
from reports.balls import ball
from reports.balls.ball import column
from tests.reports.batches_in_balls import losses_of_step, one_round
from tests.reports.random_tasks import FAMILIES, network

SEEDS = st.integers(0, 10**6)
DELTA = 2.0**-7
# float64 on a few thousand operations; a probe's difference of gradients loses the digits that 1/delta takes
ROUNDING = 1e-11


class Ripples(Sampler):
    """A sampler of a user's own: s sin(<1, w>) is added, s one of -1, 0, 2 with probabilities 1/2, 1/4, 1/4."""

    SIZES = (-1.0, 0.0, 2.0)

    def blocks(self, size):
        return size

    def draw(self, task, words, size):
        drawn = words[0][..., :size] % 4
        return torch.tensor([-1.0, -1.0, 0.0, 2.0], dtype=task.dtype)[drawn].mean(-1, keepdim=True)

    def loss(self, task, w, values):
        return task.raw_loss(w) + values[..., 0] * torch.sin(w.sum(-1))

    def outcomes(self, task):
        return [(p, torch.full((task.n, 1), s)) for p, s in zip((0.5, 0.25, 0.25), self.SIZES, strict=True)]

    def constants(self, task):
        """The variance is 3/2 and cos and sin are at most 1."""
        root, d = 1.5**0.5, task.whole(next(iter(task.agents_parameters()))).shape[-1]
        return {name: empirics.Constant(root * d**power, "upper") for name, power in (("sigma_G", 0.5), ("sigma_H", 1))}

    def almost_sure_bounds(self, task, constants):
        return full_loss_bounds(constants, noise=2 * task.d**0.5)


class Slanted(empirics.CosineTask):
    """A subclass with a term and nothing else of its own."""

    def raw_loss(self, w):
        return super().raw_loss(w) + w.square().sum(-1).sin()

    def raw_gradient(self, w):
        return super().raw_gradient(w) + 2 * w * w.square().sum(-1, keepdim=True).cos()

    def raw_hvp(self, w, v):
        square, along = w.square().sum(-1, keepdim=True), (w * v).sum(-1, keepdim=True)
        return super().raw_hvp(w, v) + 2 * v * square.cos() - 4 * w * along * square.sin()

    def raw_linearisation(self, w):
        return self.raw_gradient(w), lambda v: self.raw_hvp(w, v)


def own_noise(rng: np.random.Generator) -> Task:
    task = FAMILIES["cosine"](rng)
    task.sampler = Ripples()
    return task


def slanted(rng: np.random.Generator) -> Task:
    return Slanted(rng.normal(size=(2, 2)), rng.normal(size=(3, 2)), rng.normal(size=(3, 2)))


TASKS: dict[str, Callable[[np.random.Generator], Task]] = {**FAMILIES, "own noise": own_noise, "subclass": slanted}


def run_of(mode: str, task: Task, rng: np.random.Generator, tau: int = 1) -> MetaFedAvg:
    kind = Mode(mode)
    # a batch of data is at most what the smallest agent has
    counts = task.whole("counts") if "counts" in task.agents_parameters() else torch.tensor([4.0])
    sizes = rng.integers(1, int(counts.min()) + 1, size=3).tolist() if kind.draws else [None] * 3
    return MetaFedAvg(
        alpha=float(rng.uniform(0.02, 0.2)), nu=int(rng.integers(0, 3)), beta=0.125, tau=tau,
        participants=int(rng.integers(1, task.n + 1)), mode=mode, D=sizes[0], D_prime=sizes[1],
        D_H=sizes[2] if kind.curved else None, delta=DELTA if kind.probes else None,
    )  # fmt: skip


def check(task: Task, mode: str, rng: np.random.Generator, tau: int = 2) -> None:
    """A meta-gradient of every agent, then one round of a run."""
    s, w, seed = run_of(mode, task, rng, tau), torch.as_tensor(rng.normal(size=task.d) / 2), int(rng.integers(100))
    if isinstance(task, NetworkTask):
        w = task.start + w / 2
    ran = empirics.meta_gradient(task, w, s.alpha, s.nu, mode, delta=s.delta, batches=s.sizes, seed=seed)
    after = s.run(task, w, 1, seed=seed).iterates[0, 1]
    alpha, delta = ball.ball(s.alpha), ball.ball(DELTA)
    with flint.ctx.workprec(ball.BITS):
        for agent, losses in enumerate(losses_of_step(task, s, Draws(seed, 0, 0, torch.tensor([0])))):
            close(losses.meta_gradient(column(w.numpy()), alpha, Mode(mode), delta), ran[agent], s)
        close(one_round(task, s, w, seed), after, s)


def close(exact: arb_mat, ran: torch.Tensor, s: MetaFedAvg) -> None:
    """The float64 result lies in the ball once that is widened by float64's own rounding, and the ball is thin."""
    room = ROUNDING * (1 if s.delta is None else s.alpha / DELTA + 1)
    for x, mine in zip(exact.entries(), ran.tolist(), strict=True):
        size = 1 + abs(float(x.mid()))
        assert float(x.rad()) < 1e-25 * size
        assert abs(float((x - mine).mid())) <= room * size


@pytest.mark.parametrize("family", TASKS)
@settings(max_examples=2)
@given(seed=SEEDS)
def test_every_mode_of_every_family(family: str, seed: int) -> None:
    for mode in MODES:
        rng = np.random.default_rng(seed)
        check(TASKS[family](rng), mode, rng)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", TASKS)
@given(seed=SEEDS)
def test_every_mode_of_every_family_many_times(family: str, mode: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    check(TASKS[family](rng), mode, rng)


@pytest.mark.parametrize(
    "name", ["Tanh", *(pytest.param(name, marks=pytest.mark.slow) for name in ("convolution", "attention"))]
)
def test_every_mode_of_a_network(name: str) -> None:
    for mode in MODES:
        check(network(name), mode, np.random.default_rng(7), tau=1)
