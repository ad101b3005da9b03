"""Rounds: local steps and their mean."""

from __future__ import annotations

import numpy as np

from tests.properties.implementations import fine_tuned, right, right_round, swept
from tests.properties.museum.mistake import ROUND, mistake


@mistake(ROUND, "exact", "affine_on_quadratics", "alpha stands for beta")
def alpha_for_beta():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            x = w
            for _ in range(setting.tau):
                x = x - setting.alpha * right(f, x, setting.alpha, setting.nu, "exact", None)
            ends.append(x)
        return sum(ends) / len(ends)

    return f


@mistake(ROUND, "exact", "local_steps", "fine-tuning follows the mean gradient of all agents")
def averaged_before_adapting():
    def f(problems, w, setting):
        def mean(x):
            return sum(f.gradient(x) for f in problems) / len(problems)

        ends = []
        for f in problems:
            x = w
            for _ in range(setting.tau):
                points = [x]
                for _ in range(setting.nu):
                    points.append(points[-1] - setting.alpha * mean(points[-1]))
                x = x - setting.beta * swept(f, f.gradient(points.pop()), points, setting.alpha)
            ends.append(x)
        return sum(ends) / len(ends)

    return f


@mistake(ROUND, "exact", "affine_on_quadratics", "weighted by their numbers of data points")
def weighted_by_sample_count():
    def f(problems, w, setting):
        ends = [f.samples * right_round([f], w, setting) for f in problems]
        return sum(ends) / sum(f.samples for f in problems)

    return f


@mistake(ROUND, "exact", "agents_twice", "agents are added instead of averaged")
def added_instead_of_averaged():
    def f(problems, w, setting):
        return w + sum(right_round([f], w, setting) - w for f in problems)

    return f


@mistake(ROUND, "exact", "order_of_agents", "every agent starts where the one before it ended")
def agents_one_after_another():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            w = right_round([f], w, setting)
            ends.append(w)
        return sum(ends) / len(ends)

    return f


@mistake(ROUND, "exact", "local_steps", "the Hessians are those along the trajectory from the server's w")
def stale_trajectory():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            x, *_ = points = fine_tuned(f, w, setting.alpha, setting.nu)[:-1] or [w]
            for _ in range(setting.tau):
                outer = f.gradient(fine_tuned(f, x, setting.alpha, setting.nu)[-1])
                x = x - setting.beta * swept(f, outer, points if setting.nu else [], setting.alpha)
            ends.append(x)
        return sum(ends) / len(ends)

    return f


@mistake(ROUND, "exact", "fedavg", "one fine-tuning step at least is taken")
def always_fine_tuned():
    def f(problems, w, setting):
        from dataclasses import replace

        return right_round(problems, w, replace(setting, nu=max(setting.nu, 1)))

    return f


@mistake(ROUND, "exact", "agents_twice", "chunks of 4 agents have equal weight")
def mean_of_chunk_means():
    def f(problems, w, setting):
        chunks = [problems[i : i + 4] for i in range(0, len(problems), 4)]
        return sum(right_round(chunk, w, setting) for chunk in chunks) / len(chunks)

    return f


@mistake(ROUND, "exact", "steps_compose", "a gradient or a Hessian is kept from an earlier local step")
def gradient_refreshed_every_fourth_step():
    def f(problems, w, setting):
        ends = []
        for f in problems:
            x = w
            for step in range(setting.tau):
                if step < 3 or step % 4 == 0:
                    g = right(f, x, setting.alpha, setting.nu, "exact", None)
                x = x - setting.beta * g
            ends.append(x)
        return sum(ends) / len(ends)

    return f


@mistake(ROUND, "exact", "untouched_input", "entries of w")
def server_updated_in_place():
    def f(problems, w, setting):
        result = right_round(problems, w, setting)
        w[:] = result
        return result

    return f


@mistake(ROUND, "exact", "returns_an_iterate", "the function returns all agents' results")
def all_agents_returned():
    return lambda problems, w, setting: np.stack([right_round([f], w, setting) for f in problems])
