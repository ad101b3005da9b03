"""Right implementations: this package's, and a plain one of each kind that the mistakes of the museum start from."""

from __future__ import annotations

from functools import partial

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


def path(w, steps, step):
    """w^0 = w, ..., w^steps with w^(l+1) = step(w^l)."""
    points = [w]
    for _ in range(steps):
        points.append(step(points[-1]))
    return points


def fine_tuned(f, w, alpha, nu):
    """w^0, ..., w^nu."""
    return path(w, nu, lambda x: x - alpha * f.gradient(x))


def swept(product, v, points, alpha):
    """P^0 ... P^{nu-1} v with P^l u = u - alpha product(w^l, u) at the given points, first factor first."""
    for point in reversed(points):
        v = v - alpha * product(point, v)
    return v


def difference(f, delta, *batch):
    """(x, v) -> hess f(x) v by a central difference of gradients."""
    return lambda x, v: (f.gradient(x + delta * v, *batch) - f.gradient(x - delta * v, *batch)) / (2 * delta)


def of_losses(inner, curved, outer, w, alpha, nu, mode, delta):
    """All three full-batch modes: steps down `inner`, factors of `curved`, the gradient of `outer` at the end."""
    *points, last = fine_tuned(inner, w, alpha, nu)
    v = outer.gradient(last)
    if mode == "first_order":
        return v
    return swept(curved.hvp if mode == "exact" else difference(curved, delta), v, points, alpha)


def right(f, w, alpha, nu, mode, delta):
    """One loss for everything, on arrays of either library."""
    return of_losses(f, f, f, w, alpha, nu, mode, delta)


def maml(agent, w, alpha, nu, mode, delta, fine_tuning="support", hessians="support", outer="query"):
    """Support and query losses; the options are mistakes."""
    losses = (getattr(agent, name) for name in (fine_tuning, hessians, outer))
    return of_losses(*losses, w, alpha, nu, mode, delta)


def averaged(agents, w, tau, step):
    """The mean over the agents of where tau local steps x -> step(agent, x) lead from w."""
    ends = [path(w, tau, partial(step, agent))[-1] for agent in agents]
    return sum(ends) / len(ends)


def right_round(agents, w, setting, agent_gradient=right):
    """tau local steps on every agent, then the mean."""
    s = setting
    return averaged(agents, w, s.tau, lambda f, x: x - s.beta * agent_gradient(f, x, s.alpha, s.nu, s.mode, s.delta))


def sampled_path(f, w, alpha, nu):
    """A trajectory with a fresh batch for each step."""
    return path(w, nu, lambda x: x - alpha * f.gradient(x, f.draw("inner")))


def sampled_hvp(f):
    """(x, v) -> the Hessian at x of a fresh batch, times v."""
    return lambda x, v: f.hvp(x, v, f.draw("hessian"))


def right_stochastic(f, w, alpha, nu, mode, delta):
    """All three stochastic modes."""
    *points, last = sampled_path(f, w, alpha, nu)
    v = f.gradient(last, f.draw("outer"))
    if mode == "first_order_stochastic":
        return v
    if mode == "stochastic":
        return swept(sampled_hvp(f), v, points, alpha)
    return swept(lambda x, v: difference(f, delta, f.draw("hessian"))(x, v), v, points, alpha)


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
