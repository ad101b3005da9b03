"""Code that keeps something between calls, or changes what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.properties.implementations import fine_tuned, right, swept
from tests.properties.museum.mistake import META, mistake, wrong


@wrong(META, "exact", "untouched_input", "entries of w")
def parameters_updated_in_place(f, w, alpha, nu, mode, delta):
    points = []
    for _ in range(nu):
        points.append(w.copy())
        w -= alpha * f.gradient(w)
    return swept(f.hvp, f.gradient(w), points, alpha)


@mistake(META, "exact", "no_memory", "gradients are accumulated across agents")
def gradients_accumulated_across_agents():
    total: dict[int, Any] = {}

    def f(f, w, alpha, nu, mode, delta):
        total[len(w)] = total.get(len(w), 0) + right(f, w, alpha, nu, mode, delta)
        return total[len(w)]

    return f


@mistake(META, "exact", "no_memory", "keeps state")
def trajectory_kept_from_the_last_agent():
    kept: dict[str, Any] = {"key": None}

    def f(f, w, alpha, nu, mode, delta):
        if kept["key"] != (w.tobytes(), alpha, nu):
            kept.update(key=(w.tobytes(), alpha, nu), points=fine_tuned(f, w, alpha, nu))
        *points, last = kept["points"]
        return swept(f.hvp, f.gradient(last), points, alpha)

    return f


@mistake(META, "exact", "second_call", "something is kept for an agent")
def trajectory_kept_for_each_agent():
    kept: dict[Any, Any] = {}

    def f(f, w, alpha, nu, mode, delta):
        # The loss is kept beside its trajectory, so that no other object takes its id.
        key = (id(f), alpha, nu, w.dtype)
        if key not in kept:
            kept[key] = (f, fine_tuned(f, w, alpha, nu))
        *points, last = kept[key][1]
        return swept(f.hvp, f.gradient(last), points, alpha)

    return f


@mistake(META, "exact", "no_memory", "drawn at random")
def noise_of_dropout_left_on():
    rng = np.random.default_rng(0)

    def f(f, w, alpha, nu, mode, delta):
        return right(f, w, alpha, nu, mode, delta) * float(1 + 1e-15 * rng.integers(-1, 2))

    return f


@wrong(META, "exact", "returns_a_gradient", "the function returns all agents")
def one_row_for_each_agent(f, w, alpha, nu, mode, delta):
    return right(f, w, alpha, nu, mode, delta)[None]
