"""Fine-tuning by another rule than plain steps of length alpha: in the points only, or differentiated through."""

from __future__ import annotations

import numpy as np
import torch

from tests.properties.implementations import fine_tuned, path, right, swept
from tests.properties.museum.mistake import META, wrong


def through(update):
    """Autograd through every step; update(x, g, state) is the next point."""

    def f(problem, w, alpha, nu, mode, delta):
        leaf = w.detach().clone().requires_grad_(True)
        x, state = leaf, {}
        for _ in range(nu):
            (g,) = torch.autograd.grad(problem.loss(x), x, create_graph=True)
            x = update(x, g, state, alpha)
        return torch.autograd.grad(problem.loss(x), leaf)[0]

    return f


def stepped(update, f, w, alpha, nu):
    """The points only, and the formula of plain steps."""
    state = {}
    *points, last = path(w, nu, lambda x: update(x, f.gradient(x), state, alpha))
    return swept(f.hvp, f.gradient(last), points, alpha)


def momentum(x, g, state, alpha):
    state["v"] = 0.9 * state.get("v", 0) + g
    return x - alpha * state["v"]


def nesterov(x, g, state, alpha):
    state["v"] = 0.5 * state.get("v", 0) + g
    return x - alpha * (g + 0.5 * state["v"])


def running_mean(x, g, state, alpha):
    state["v"] = 0.9 * state.get("v", 0) + 0.1 * g
    return x - alpha * state["v"]


def shorter_and_shorter(x, g, state, alpha):
    state["rate"] = state.get("rate", 2.0) / 2
    return x - alpha * state["rate"] * g


def adam(x, g, state, alpha):
    t = state["t"] = state.get("t", 0) + 1
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * g
    state["s"] = 0.999 * state.get("s", 0) + 0.001 * g * g
    return x - alpha * (state["m"] / (1 - 0.9**t)) / ((state["s"] / (1 - 0.999**t)) ** 0.5 + 1e-8)


@wrong(META, "exact", "jacobian_product", "the fine-tuning steps have momentum 0.9", dtype="torch.float64")
def momentum_through(*a):
    return through(momentum)(*a)


@wrong(META, "exact", "jacobian_product", "the fine-tuning steps have momentum 0.9")
def momentum_beside(f, w, alpha, nu, mode, delta):
    return stepped(momentum, f, w, alpha, nu)


@wrong(META, "exact", "one_step", "the fine-tuning steps have Nesterov momentum 0.5", dtype="torch.float64")
def nesterov_through(*a):
    return through(nesterov)(*a)


@wrong(META, "exact", "one_step", "follow a running mean of gradients with decay 0.9", dtype="torch.float64")
def running_mean_through(*a):
    return through(running_mean)(*a)


@wrong(META, "exact", "one_step", "the fine-tuning steps have weight decay 0.0005", dtype="torch.float64")
def decay_through(*a):
    return through(lambda x, g, state, alpha: x - alpha * (g + 5e-4 * x))(*a)


@wrong(META, "exact", "origin", "weight decay 0.001 is added to the outer gradient")
def decay_of_the_outer_gradient(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta) + 1e-3 * w


@wrong(META, "exact", "unit_of_loss", "the fine-tuning steps have gradients clipped to norm 0.5", dtype="torch.float64")
def clipped_through(*a):
    return through(lambda x, g, state, alpha: x - alpha * (g * 0.5 / g.norm() if g.norm() > 0.5 else g))(*a)


@wrong(META, "exact", "unit_of_loss", "gradients whose entries are clipped to 0.25", dtype="torch.float64")
def entries_clipped_through(*a):
    return through(lambda x, g, state, alpha: x - alpha * g.clamp(-0.25, 0.25))(*a)


@wrong(META, "exact", "unit_of_loss", "the answer is clipped to norm 0.25")
def answer_clipped(f, w, alpha, nu, mode, delta):
    g = right(f, w, alpha, nu, mode, delta)
    size = np.linalg.norm(g)
    return g if size <= 0.25 else g * (0.25 / size)


@wrong(META, "exact", "one_step", "the fine-tuning steps have 2 times the rate that they are told")
def rate_doubled(f, w, alpha, nu, mode, delta):
    return right(f, w, 2 * alpha, nu, mode, delta)


@wrong(META, "exact", "one_step", "the fine-tuning steps have 0.7 times the rate that they are told")
def rate_of_seven_tenths(f, w, alpha, nu, mode, delta):
    return right(f, w, 0.7 * alpha, nu, mode, delta)


@wrong(META, "exact", "one_step", "the fine-tuning steps have 2 times the rate that they are told")
def rate_doubled_in_the_points(f, w, alpha, nu, mode, delta):
    *points, last = fine_tuned(f, w, 2 * alpha, nu)
    return swept(f.hvp, f.gradient(last), points, alpha)


@wrong(META, "exact", "one_step", "the fine-tuning steps have the rate 0.01, whatever they are told")
def rate_of_ones_own(f, w, alpha, nu, mode, delta):
    return right(f, w, 0.01, nu, mode, delta)


@wrong(META, "exact", "jacobian_product", "get shorter by the factor 0.5 each", dtype="torch.float64")
def rate_halved_at_each_step(*a):
    return through(shorter_and_shorter)(*a)


@wrong(META, "exact", "one_step", "the fine-tuning steps are Adam's", dtype="torch.float64")
def adam_through(*a):
    return through(adam)(*a)


@wrong(META, "exact", "one_step", "lambda = 2")
def implicit_without_the_proximal_term(f, w, alpha, nu, mode, delta):
    return implicit(f, w, alpha, nu, 2.0)


@wrong(META, "exact", "one_step", "lambda = 1 / alpha")
def implicit_with_the_step_for_lambda(f, w, alpha, nu, mode, delta):
    return implicit(f, w, alpha, nu, 1 / alpha if alpha else np.inf)


def implicit(f, w, alpha, nu, strength):
    end = fine_tuned(f, w, alpha, nu)[-1]
    if not nu:
        return f.gradient(w)
    hessian = np.array([f.hvp(end, unit) for unit in np.eye(len(w), dtype=w.dtype)])
    return np.linalg.solve(np.eye(len(w)) + hessian / strength, f.gradient(end)).astype(w.dtype)
