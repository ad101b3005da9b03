"""T7, counted: gradients, Hessian-vector products, samples, and vectors of size d alive at once."""

from __future__ import annotations

import itertools
import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from empirics import MODES, Draws, MetaFedAvg, Task, meta_gradient
from empirics.algorithm.meta_gradients import draw_batches, evaluate
from empirics.algorithm.modes import Mode
from empirics.tasks.sampler import ExactSamples


class Counted(Task):
    """f_i(w) = sum_p (w_p^4/4 - c_ip w_p), counting what is asked for; a sample is the loss itself."""

    def __init__(self, c):
        super().__init__(len(c[0]), {"c": c}, sampler=CountedSamples())
        self.gradients = self.products = 0

    def raw_loss(self, w):
        return (w**4 / 4 - self.parameter("c") * w).sum(-1)

    def raw_gradient(self, w):
        self.gradients += 1
        return w**3 - self.parameter("c")

    def raw_hvp(self, w, v):
        self.products += 1
        return 3 * w**2 * v


class CountedSamples(ExactSamples):
    """Counts sample gradients and sample products: each call costs the size of its batch."""

    def __init__(self):
        self.sample_gradients = self.sample_products = 0

    def draw(self, task, words, size):
        # The batch carries its size, as every agent's value.
        return torch.full((*words[0].shape[:3], 1), float(size), dtype=task.dtype)

    def gradient(self, task, w, values):
        self.sample_gradients += int(values[0, 0, 0])
        return task.raw_gradient(w)

    def hvp(self, task, w, v, values):
        self.sample_products += int(values[0, 0, 0])
        return task.raw_hvp(w, v)


CENTRES = [[0.5, 0.25], [-0.5, 1.0]]
OPTIONS = {"hessian_free": {"delta": 0.125}, "hessian_free_stochastic": {"delta": 0.125}}
D, D_PRIME, D_H = 3, 5, 7


@pytest.mark.parametrize("nu", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("mode", "gradients", "products"),
    [
        ("exact", lambda nu: nu + 1, lambda nu: nu),
        ("first_order", lambda nu: nu + 1, lambda nu: 0),
        ("hessian_free", lambda nu: 3 * nu + 1, lambda nu: 0),
    ],
)
def test_full_batch_costs_are_those_of_t7(mode, gradients, products, nu):
    task = Counted(CENTRES)
    meta_gradient(task, [0.5, -0.5], 0.1, nu, mode, **OPTIONS.get(mode, {}))
    assert (task.gradients, task.products) == (gradients(nu), products(nu))


@pytest.mark.parametrize("nu", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("mode", "gradients", "products"),
    [
        ("stochastic", lambda nu: nu * D + D_PRIME, lambda nu: nu * D_H),
        ("first_order_stochastic", lambda nu: nu * D + D_PRIME, lambda nu: 0),
        ("hessian_free_stochastic", lambda nu: nu * D + D_PRIME + 2 * nu * D_H, lambda nu: 0),
    ],
)
def test_stochastic_costs_are_those_of_t7(mode, gradients, products, nu):
    task = Counted(CENTRES)
    meta_gradient(task, [0.5, -0.5], 0.1, nu, mode, batches=(D, D_PRIME, D_H), **OPTIONS.get(mode, {}))
    assert (task.sampler.sample_gradients, task.sampler.sample_products) == (gradients(nu), products(nu))


def test_a_round_costs_tau_local_steps():
    task = Counted(CENTRES)
    MetaFedAvg(0.1, 2, 0.1, 3).run(task, [0.5, -0.5], 4)
    # Agents and replicas are one call; 4 rounds of 3 local steps of nu + 1 gradients and nu products.
    assert (task.gradients, task.products) == (4 * 3 * 3, 4 * 3 * 2)


class Alive(TorchDispatchMode):
    """The largest number of bytes in storages made under the mode and still referenced, after any operation."""

    def __init__(self):
        super().__init__()
        self.made, self.peak = [], 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(tensor, torch.Tensor):
                self.made.append(weakref.ref(tensor))
        living = [tensor for ref in self.made if (tensor := ref()) is not None]
        self.made = [weakref.ref(tensor) for tensor in living]
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in living}
        self.peak = max(self.peak, sum(storages.values()))
        return out


SIZE = 1000


def peak_vectors(mode, nu):
    task = Counted([[0.5] * SIZE])
    w = torch.full((1, 1, SIZE), 0.25, dtype=torch.float64)
    batches = None
    if mode.endswith("stochastic"):
        batches = draw_batches(task, Draws(0, 0, 0, torch.arange(1)), mode, nu, (1, 1, 1))
    delta = OPTIONS.get(mode, {}).get("delta")
    with torch.no_grad(), Alive() as alive:
        evaluate(task, w, 0.1, nu, mode, delta=delta, batches=batches)
    return alive.peak / (8 * SIZE)


@pytest.mark.parametrize("mode", MODES)
def test_memory_grows_by_one_vector_a_step_where_a_trajectory_is_kept(mode):
    peaks = [peak_vectors(mode, nu) for nu in (2, 4, 8, 16)]
    # The start belongs to the caller; of the rest nu points, the swept vector and the task's own temporaries live at
    # once. Scalars add a few bytes: hence the rounding to whole vectors.
    growth = [round(after - before) for before, after in itertools.pairwise(peaks)]
    if not Mode(mode).curved:
        assert growth == [0, 0, 0]
    else:
        assert growth == [2, 4, 8]
    assert peaks[0] <= 2 + 6


def test_the_measure_sees_a_graph():
    # Fine-tuning that automatic differentiation can go back through keeps two vectors a step and more.
    def peak(nu):
        task = Counted([[0.5] * SIZE])
        point = torch.full((1, 1, SIZE), 0.25, dtype=torch.float64, requires_grad=True)
        with Alive() as alive:
            for _ in range(nu):
                (gradient,) = torch.autograd.grad(task.raw_loss(point).sum(), point, create_graph=True)
                point = point - 0.1 * gradient
        return alive.peak / (8 * SIZE)

    assert round(peak(8) - peak(4)) >= 2 * 4
