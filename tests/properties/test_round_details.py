"""Corners of a run that only a mutation would touch: chunk sizes, who is blamed, what is drawn."""

from __future__ import annotations

import pytest
import torch

from empirics import DivergedError, Divergence, Draws, InputError, MetaFedAvg, QuadraticTask, Task
from empirics.algorithm.meta_gradients import draw_batches
from empirics.numerics.randomness import participants
from empirics.runs.fedavg import _start
from tests.properties.test_cost_and_memory import CENTRES, Counted, CountedSamples

THREE = QuadraticTask([[[1.0, 0.0], [0.0, 2.0]]] * 3, [[0.0, 1.0]] * 3)


def test_a_start_of_the_wrong_kind_is_told_what_was_expected():
    with pytest.raises(
        InputError, match=r"w0 has shape \(1, 1, 2\): expected \(d,\) or \(replicas, d\), no axis empty"
    ):
        MetaFedAvg(0.1, 1, 0.1, 1).run(THREE, [[[1.0, 2.0]]], 1)


def test_a_start_goes_where_the_task_is():
    # The meta device stands for any device that is not the CPU.
    start = _start(THREE.to("meta"), [1.0, 2.0], 4)
    assert (start.device.type, start.shape, start.dtype) == ("meta", (4, 2), torch.float64)


def test_first_order_mode_draws_no_hessian_batch():
    draws = Draws(0, 0, 0, torch.arange(1))
    batches = draw_batches(THREE, draws, "first_order_stochastic", 2, (1, 1, 1))
    assert (len(batches.inner), batches.hessian) == (2, ())


class Drawing(CountedSamples):
    """Counts batches."""

    def __init__(self):
        super().__init__()
        self.drawn = 0

    def draw(self, task, words, size):
        self.drawn += len(words[0])
        return super().draw(task, words, size)


@pytest.mark.parametrize(("mode", "batches"), [("first_order_stochastic", 3), ("stochastic", 5)])
def test_a_local_step_draws_its_batches_only(mode, batches):
    task = Counted(CENTRES)
    task.sampler = Drawing()
    MetaFedAvg(0.1, 2, 0.1, 3, mode=mode, D=1, D_prime=1, D_H=1).run(task, [0.5, -0.5], 1)
    assert task.sampler.drawn == 3 * batches


class Bomb(Task):
    """Gradient 0, but not a number at one agent."""

    def __init__(self, n, bad):
        super().__init__(1, {"bad": [[float(i == bad)] for i in range(n)]})

    def raw_loss(self, w):
        return w.sum(-1)

    def raw_gradient(self, w):
        return torch.where(self.parameter("bad") > 0, torch.nan, 0.0 * w)

    def raw_hvp(self, w, v):
        return 0.0 * v


@pytest.mark.parametrize("seed", range(4))
def test_the_agent_to_blame_is_the_one_that_took_part(seed):
    n, bad = 40, 17
    # Independently of the run: the first round, and replica in it, in which the bad agent takes part.
    rounds = ((k, participants(Draws(seed, k, 0, torch.arange(3)), n, 2)) for k in range(200))
    k, drawn = next((k, drawn) for k, drawn in rounds if bool((drawn == bad).any()))
    replica = int((drawn == bad).any(dim=-1).nonzero()[0])
    with pytest.raises(DivergedError) as caught:
        MetaFedAvg(0.0, 0, 0.1, 1, participants=2).run(Bomb(n, bad), [1.0], 200, seed=seed, replicas=3)
    assert caught.value.divergence == Divergence(bad, replica, k, 0, "outer gradient")
    assert caught.value.partial.rounds == k


def test_an_average_that_overflows_belongs_to_no_agent():
    # Gradient 0: local iterates stay where they are; two times 1.5e308 overflows in the sum of the mean.
    task = QuadraticTask([[[0.0, 0.0], [0.0, 0.0]]] * 2, [[0.0, 0.0]] * 2)
    start = [[1.0, 1.0], [1.5e308, 1.0], [1.0, 1.0]]
    with pytest.raises(DivergedError) as caught:
        MetaFedAvg(0.0, 0, 0.1, 1).run(task, start, 1, replicas=3)
    assert caught.value.divergence == Divergence(None, 1, 0, None, "average")
