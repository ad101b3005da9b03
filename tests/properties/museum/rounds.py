"""Rounds: local steps and their mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.properties.implementations import averaged, fine_tuned, path, right, right_round, swept
from tests.properties.museum.mistake import ROUND, wrong


@wrong(ROUND, "exact", "affine_on_quadratics", "alpha stands for beta")
def alpha_for_beta(problems, w, setting):
    return right_round(problems, w, replace(setting, beta=setting.alpha))


@wrong(ROUND, "exact", "local_steps", "fine-tuning follows the mean gradient of all agents")
def averaged_before_adapting(problems, w, s):
    def mean(x):
        return sum(f.gradient(x) for f in problems) / len(problems)

    def step(f, x):
        *points, last = path(x, s.nu, lambda x: x - s.alpha * mean(x))
        return x - s.beta * swept(f.hvp, f.gradient(last), points, s.alpha)

    return averaged(problems, w, s.tau, step)


@wrong(ROUND, "exact", "affine_on_quadratics", "weighted by their numbers of data points")
def weighted_by_sample_count(problems, w, setting):
    ends = [f.samples * right_round([f], w, setting) for f in problems]
    return sum(ends) / sum(f.samples for f in problems)


@wrong(ROUND, "exact", "agents_twice", "agents are added instead of averaged")
def added_instead_of_averaged(problems, w, setting):
    return w + sum(right_round([f], w, setting) - w for f in problems)


@wrong(ROUND, "exact", "order_of_agents", "every agent starts where the one before it ended")
def agents_one_after_another(problems, w, setting):
    ends = []
    for f in problems:
        w = right_round([f], w, setting)
        ends.append(w)
    return sum(ends) / len(ends)


@wrong(ROUND, "exact", "local_steps", "the Hessians are those along the trajectory from the server's w")
def stale_trajectory(problems, w, s):
    def step(f, x):
        stale = fine_tuned(f, w, s.alpha, s.nu)[:-1]
        return x - s.beta * swept(f.hvp, f.gradient(fine_tuned(f, x, s.alpha, s.nu)[-1]), stale, s.alpha)

    return averaged(problems, w, s.tau, step)


@wrong(ROUND, "exact", "fedavg", "one fine-tuning step at least is taken")
def always_fine_tuned(problems, w, setting):
    return right_round(problems, w, replace(setting, nu=max(setting.nu, 1)))


@wrong(ROUND, "exact", "agents_twice", "chunks of 4 agents have equal weight")
def mean_of_chunk_means(problems, w, setting):
    chunks = [problems[i : i + 4] for i in range(0, len(problems), 4)]
    return sum(right_round(chunk, w, setting) for chunk in chunks) / len(chunks)


@wrong(ROUND, "exact", "steps_compose", "a gradient or a Hessian is kept from an earlier local step")
def gradient_refreshed_every_fourth_step(problems, w, setting):
    ends = []
    for f in problems:
        x = w
        for step in range(setting.tau):
            if step < 3 or step % 4 == 0:
                g = right(f, x, setting.alpha, setting.nu, "exact", None)
            x = x - setting.beta * g
        ends.append(x)
    return sum(ends) / len(ends)


@wrong(ROUND, "exact", "untouched_input", "entries of w")
def server_updated_in_place(problems, w, setting):
    result = right_round(problems, w, setting)
    w[:] = result
    return result


@wrong(ROUND, "exact", "returns_an_iterate", "the function returns all agents' results")
def all_agents_returned(problems, w, setting):
    return np.stack([right_round([f], w, setting) for f in problems])
