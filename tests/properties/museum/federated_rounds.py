"""Rounds as they come out of federated code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.properties.implementations import averaged, fine_tuned, right, right_round
from tests.properties.museum.mistake import ROUND, wrong


def grad(f, x, s):
    return right(f, x, s.alpha, s.nu, s.mode, s.delta)


def tuned(f, x, s):
    return fine_tuned(f, x, s.alpha, s.nu)[-1]


@wrong(ROUND, "exact", "affine_on_quadratics", "all Hessians are dropped (first order)")
def first_order_round(problems, w, setting):
    return right_round(problems, w, replace(setting, mode="first_order"))


@wrong(ROUND, "exact", "affine_on_quadratics", "local meta steps are taken from the fine-tuned points")
def local_steps_from_the_fine_tuned(problems, w, s):
    return averaged(problems, w, s.tau, lambda f, x: tuned(f, x, s) - s.beta * grad(f, x, s))


@wrong(ROUND, "exact", "affine_on_quadratics", "meta-gradients are taken at the fine-tuned points")
def meta_gradients_of_the_fine_tuned(problems, w, s):
    return averaged(problems, w, s.tau, lambda f, x: x - s.beta * grad(f, tuned(f, x, s), s))


@wrong(ROUND, "exact", "affine_on_quadratics", "every local step starts from the server's w")
def local_steps_restarted(problems, w, s):
    return averaged(problems, w, s.tau, lambda f, x: w - s.beta * grad(f, x, s))


@wrong(ROUND, "exact", "affine_on_quadratics", "every local step uses the meta-gradient at the server's w")
def meta_gradient_of_the_server(problems, w, s):
    return averaged(problems, w, s.tau, lambda f, x: x - s.beta * grad(f, w, s))


@wrong(ROUND, "exact", "affine_on_quadratics", "local steps are fine-tuning steps")
def only_fine_tuned(problems, w, s):
    return averaged(problems, w, s.tau, lambda f, x: tuned(f, x, s))


@wrong(ROUND, "exact", "affine_on_quadratics", "nothing is fine-tuned (plain FedAvg)")
def plain_fedavg(problems, w, s):
    return right_round(problems, w, replace(s, nu=0))


@wrong(ROUND, "exact", "affine_on_quadratics", "one local step is taken")
def one_local_step(problems, w, s):
    return right_round(problems, w, replace(s, tau=1))


@wrong(ROUND, "exact", "affine_on_quadratics", "tau + 1 local steps are taken")
def one_local_step_more(problems, w, s):
    return right_round(problems, w, replace(s, tau=s.tau + 1))


@wrong(ROUND, "exact", "affine_on_quadratics", "nu + 1 fine-tuning steps are taken")
def one_fine_tuning_step_more(problems, w, s):
    return right_round(problems, w, replace(s, nu=s.nu + 1))


@wrong(ROUND, "exact", "affine_on_quadratics", "agents are averaged after every local step")
def averaged_at_every_step(problems, w, s):
    for _ in range(s.tau):
        w = w - s.beta * sum(grad(f, w, s) for f in problems) / len(problems)
    return w


@wrong(ROUND, "exact", "affine_on_quadratics", "the answer is the change of w")
def change_returned(problems, w, s):
    return right_round(problems, w, s) - w


@wrong(ROUND, "exact", "affine_on_quadratics", "the server's w is returned as it was")
def round_forgotten(problems, w, s):
    return w.copy()


@wrong(ROUND, "exact", "affine_on_quadratics", "only the first agent counts")
def first_agent_only(problems, w, s):
    return right_round(problems[:1], w, s)


@wrong(ROUND, "exact", "order_of_agents", "only the last agent counts")
def last_agent_only(problems, w, s):
    return right_round(problems[-1:], w, s)


@wrong(ROUND, "exact", "affine_on_quadratics", "the median of the agents stands for their mean")
def median_of_agents(problems, w, s):
    return np.median([right_round([f], w, s) for f in problems], axis=0).astype(w.dtype)


@wrong(ROUND, "exact", "affine_on_quadratics", "alpha and beta are exchanged")
def steps_exchanged(problems, w, s):
    return right_round(problems, w, replace(s, alpha=s.beta, beta=s.alpha))


@wrong(ROUND, "exact", "affine_on_quadratics", "the sign of the meta step is wrong")
def meta_ascent(problems, w, s):
    return right_round(problems, w, replace(s, beta=-s.beta))


@wrong(ROUND, "exact", "affine_on_quadratics", "the fine-tuning steps have 2 times the rate that they are told")
def fine_tuning_rate_doubled(problems, w, s):
    return right_round(problems, w, replace(s, alpha=2 * s.alpha))


@wrong(ROUND, "exact", "affine_on_quadratics", "the local steps have momentum 0.9")
def local_momentum(problems, w, s):
    ends = []
    for f in problems:
        x, v = w, 0 * w
        for _ in range(s.tau):
            v = 0.9 * v + grad(f, x, s)
            x = x - s.beta * v
        ends.append(x)
    return sum(ends) / len(ends)


@wrong(ROUND, "exact", "affine_on_quadratics", "the local steps have weight decay 0.01")
def local_weight_decay(problems, w, s):
    return averaged(problems, w, s.tau, lambda f, x: x - s.beta * (grad(f, x, s) + 0.01 * x))


@wrong(ROUND, "exact", "affine_on_quadratics", "the server's step is 0.5 times the mean of the changes")
def half_a_server_step(problems, w, s):
    return (w + right_round(problems, w, s)) / 2


@wrong(ROUND, "exact", "steps_compose", "at most 5 local steps are taken")
def five_local_steps_at_most(problems, w, s):
    return right_round(problems, w, replace(s, tau=min(s.tau, 5)))


@wrong(ROUND, "hessian_free", "affine_on_quadratics", "all Hessians are dropped (first order)")
def first_order_round_called_hessian_free(problems, w, s):
    return right_round(problems, w, replace(s, mode="first_order", delta=None))
