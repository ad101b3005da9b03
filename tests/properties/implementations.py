"""Right implementations: this package's, and a plain one of each kind that the mistakes of the museum start from."""

from __future__ import annotations

import numpy as np
import torch

from empirics import MetaFedAvg, meta_gradient, meta_gradients
from empirics.task import Task
from empirics.testing import Network, Quadratic, as_task


class Agents(Task):
    """Generated losses of any kind as a task of this package: points are handed to the losses one by one."""

    def __init__(self, problems, dtype):
        super().__init__(problems[0].d, {"index": torch.arange(len(problems), dtype=dtype)})
        self.problems = problems

    def raw_loss(self, w):
        return self._each("loss", w)

    def raw_gradient(self, w):
        return self._each("gradient", w)

    def raw_hvp(self, w, v):
        return self._each("hvp", w, v)

    def _each(self, name, *points):
        replicas = range(len(points[0]))
        rows = [
            torch.stack([getattr(f, name)(*(p[r, i] for p in points)) for i, f in enumerate(self.problems)])
            for r in replicas
        ]
        return torch.stack(rows)


def task_of(problems, dtype):
    """A task of the family where the package has one, else `Agents`."""
    kinds = {getattr(problem, "kind", type(problem)) for problem in problems}
    known = len(kinds) == 1 and not any(isinstance(p, Network) for p in problems)
    tame = all(isinstance(p, Quadratic) or min(p.s) >= 0 for p in problems if known)
    logistic = known and kinds == {"logistic"}
    uniform = not logistic or all(set(p.s) == {1 / len(p.s)} and not any(p.phi) for p in problems)
    if known and (tame or kinds == {"cosine"}) and uniform:
        return as_task(problems).to(dtype=dtype)
    return Agents(problems, dtype)


def ours(problem, w, alpha, nu, mode, delta):
    """empirics.meta_gradient of one agent."""
    return meta_gradient(task_of((problem,), w.dtype), w, alpha, nu, mode, delta=delta)[0]


def our_round(problems, w, setting):
    """empirics.MetaFedAvg for one round."""
    probe = {} if setting.delta is None else {"delta": setting.delta}
    settings = MetaFedAvg(setting.alpha, setting.nu, setting.beta, setting.tau, mode=setting.mode, **probe)
    return settings.run(task_of(tuple(problems), w.dtype), w, 1).iterates[0, 1]


class LoggedSampler:
    """The sampler interface of meta_gradients, on a logged loss: a batch is what `draw` of the log returned."""

    def __init__(self, samples):
        self.samples = samples

    def gradient(self, task, w, batch):
        return self.samples.gradient(w[0, 0], batch).reshape(w.shape)

    def hvp(self, task, w, v, batch):
        return self.samples.hvp(w[0, 0], v[0, 0], batch).reshape(w.shape)


def our_stochastic(samples, w, alpha, nu, mode, delta):
    """empirics.meta_gradients.evaluate with batches from the log, drawn as `draw_batches` lays them out."""

    class Logged:
        sampler = LoggedSampler(samples)

        @staticmethod
        def blocks(replicas):
            return [(slice(None), slice(None))]

        @staticmethod
        def draw_batches(draws, purposes, sizes):
            kinds = [purpose.split(":")[0] for purpose in purposes]
            expected = {"inner": 2, "outer": 3, "hessian": 4}
            assert [expected[kind] for kind in kinds] == list(sizes)
            from empirics import Batch

            return tuple(Batch(1, samples.draw(kind)) for kind in kinds)

    batches = meta_gradients.draw_batches(Logged, None, mode, nu, (2, 3, 4))
    points = w.reshape(1, 1, -1)
    return meta_gradients.evaluate(Logged, points, alpha, nu, mode, delta=delta, batches=batches)[0, 0]


def fine_tuned(f, w, alpha, nu):
    """w^0, ..., w^nu."""
    points = [w]
    for _ in range(nu):
        points.append(points[-1] - alpha * f.gradient(points[-1]))
    return points


def swept(f, v, points, alpha):
    """P^0 ... P^{nu-1} v with the Hessians at the given points, first factor first."""
    for point in reversed(points):
        v = v - alpha * f.hvp(point, v)
    return v


def right(f, w, alpha, nu, mode, delta):
    """All three full-batch modes on arrays of either library."""
    *points, last = fine_tuned(f, w, alpha, nu)
    v = f.gradient(last)
    if mode == "first_order":
        return v
    if mode == "exact":
        return swept(f, v, points, alpha)
    for point in reversed(points):
        v = v - alpha * (f.gradient(point + delta * v) - f.gradient(point - delta * v)) / (2 * delta)
    return v


def right_round(problems, w, setting):
    """tau local steps on every agent, then the mean."""
    ends = []
    for f in problems:
        x = w
        for _ in range(setting.tau):
            x = x - setting.beta * right(f, x, setting.alpha, setting.nu, setting.mode, setting.delta)
        ends.append(x)
    return sum(ends) / len(ends)


def sampled_path(f, w, alpha, nu):
    """A trajectory with a fresh batch for each step."""
    points = [w]
    for _ in range(nu):
        points.append(points[-1] - alpha * f.gradient(points[-1], f.draw("inner")))
    return points


def right_stochastic(f, w, alpha, nu, mode, delta):
    """All three stochastic modes."""
    *points, last = sampled_path(f, w, alpha, nu)
    v = f.gradient(last, f.draw("outer"))
    for point in reversed(points if mode != "first_order_stochastic" else []):
        batch = f.draw("hessian")
        if mode == "stochastic":
            v = v - alpha * f.hvp(point, v, batch)
        else:
            v = v - alpha * (f.gradient(point + delta * v, batch) - f.gradient(point - delta * v, batch)) / (2 * delta)
    return v


def unrolled(f, w, alpha, nu, mode, delta):
    """Automatic differentiation through the loop, as MAML libraries do it; first order: without the inner graph."""
    leaf = w.detach().clone().requires_grad_(True)
    fast = leaf
    for _ in range(nu):
        (g,) = torch.autograd.grad(f.loss(fast), fast, create_graph=mode == "exact")
        fast = fast - alpha * g
    return torch.autograd.grad(f.loss(fast), leaf)[0]


def as_float32(array):
    """Of either library."""
    return array.float() if isinstance(array, torch.Tensor) else array.astype(np.float32)
