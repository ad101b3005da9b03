"""Right numbers, wrong conduct: what is changed, kept, shared or left behind, in every checker."""

from __future__ import annotations

import numpy as np
import torch

from tests.properties.implementations import (
    fine_tuned,
    right,
    right_round,
    right_stochastic,
    sampled_hvp,
    sampled_path,
    swept,
)
from tests.properties.museum.mistake import META, ROUND, STOCHASTIC, mistake, wrong

AT_RANDOM = "at random"
FOR_AN_AGENT = "something is kept for an agent"
ANOTHER_DTYPE = "the answer has another dtype than w"
EARLIER = "the array that an earlier call returned"
GENERATOR = "torch's random generator"


def buffered(f):
    """Answers in one array, which the next call overwrites."""
    kept = {}

    def g(*arguments):
        found = f(*arguments)
        buffer = kept.setdefault((found.shape, found.dtype), np.empty_like(found))
        buffer[:] = found
        return buffer

    return g


def listed(f):
    """Every answer is kept."""
    kept = []

    def g(*arguments):
        kept.append(f(*arguments))
        return kept[-1].copy()

    return g


def seeded(f):
    def g(*arguments):
        torch.manual_seed(0)
        return f(*arguments)

    return g


def noisy(f):
    rng = np.random.default_rng(0)

    def g(*arguments):
        found = f(*arguments)
        return found * found.dtype.type(1 + 1e-15 * rng.integers(-1, 2))

    return g


@mistake(META, "exact", "own_answer", EARLIER)
def answers_in_one_buffer():
    return buffered(right)


@mistake(META, "exact", "kept_memory", "every call keeps")
def answers_kept_in_a_list():
    return listed(right)


@mistake(META, "exact", "global_state", GENERATOR)
def generator_seeded():
    return seeded(right)


@wrong(META, "exact", "global_state", "NumPy's random generator")
def numpy_generator_used(f, w, alpha, nu, mode, delta):
    return right(f, w + 0 * np.random.random(), alpha, nu, mode, delta).astype(w.dtype)


@wrong(META, "exact", "global_state", "torch's grad mode", dtype="torch.float64")
def gradients_left_off(f, w, alpha, nu, mode, delta):
    found = right(f, w, alpha, nu, mode, delta)
    torch.set_grad_enabled(False)
    return found


@wrong(META, "exact", "own_answer", "an array with a graph", dtype="torch.float64")
def graph_returned(f, w, alpha, nu, mode, delta):
    return right(f, w.detach().clone().requires_grad_(), alpha, nu, mode, delta)


@mistake(META, "exact", "kept_memory", "every call keeps", dtype="torch.float64")
def losses_logged_with_their_graphs():
    log = []

    def f(f, w, alpha, nu, mode, delta):
        log.append(f.loss(w.detach().clone().requires_grad_()))
        return right(f, w, alpha, nu, mode, delta)

    return f


@wrong(META, "exact", "untouched_input", "requires_grad of w", dtype="torch.float64")
def requires_grad_switched_on(f, w, alpha, nu, mode, delta):
    w.requires_grad_()
    return right(f, w.detach(), alpha, nu, mode, delta)


@wrong(STOCHASTIC, "stochastic", "untouched_input", "entries of w")
def sampled_parameters_updated_in_place(f, w, alpha, nu, mode, delta):
    found = right_stochastic(f, w.copy(), alpha, nu, mode, delta)
    w -= found
    return found


@wrong(STOCHASTIC, "stochastic", "precision", ANOTHER_DTYPE)
def sampled_answer_always_float64(f, w, alpha, nu, mode, delta):
    return right_stochastic(f, w, alpha, nu, mode, delta).astype(np.float64)


@mistake(STOCHASTIC, "stochastic", "own_answer", EARLIER)
def sampled_answers_in_one_buffer():
    return buffered(right_stochastic)


@mistake(STOCHASTIC, "stochastic", "kept_memory", "every call keeps")
def sampled_answers_kept():
    return listed(right_stochastic)


@mistake(STOCHASTIC, "stochastic", "global_state", GENERATOR)
def sampled_generator_seeded():
    return seeded(right_stochastic)


@mistake(STOCHASTIC, "stochastic", "no_memory", AT_RANDOM)
def sampled_noise():
    return noisy(right_stochastic)


@mistake(STOCHASTIC, "stochastic", "second_call", FOR_AN_AGENT)
def sampled_hessian_point_kept():
    kept = {}

    def f(f, w, alpha, nu, mode, delta):
        *points, last = sampled_path(f, w, alpha, nu)
        base = f.case.base
        points = kept.setdefault((id(base), w.dtype), (base, points))[1] if f.case.noise is None else points
        return swept(sampled_hvp(f), f.gradient(last, f.draw("outer")), points, alpha)

    return f


@wrong(ROUND, "exact", "untouched_input", "the list of agents")
def agents_reordered(problems, w, s):
    found = right_round(problems, w, s)
    problems.reverse()
    return found


@wrong(ROUND, "exact", "precision", ANOTHER_DTYPE)
def round_always_float64(problems, w, s):
    return right_round(problems, w, s).astype(np.float64)


@mistake(ROUND, "exact", "own_answer", EARLIER)
def rounds_in_one_buffer():
    return buffered(right_round)


@mistake(ROUND, "exact", "kept_memory", "every call keeps")
def rounds_kept():
    return listed(right_round)


@mistake(ROUND, "exact", "global_state", GENERATOR)
def round_seeded():
    return seeded(right_round)


@mistake(ROUND, "exact", "no_memory", AT_RANDOM)
def noisy_round():
    return noisy(right_round)


@mistake(ROUND, "exact", "second_call", FOR_AN_AGENT)
def first_trajectory_of_every_agent_kept():
    kept = {}

    def f(problems, w, s):
        ends = []
        for f in problems:
            x = w
            for step in range(s.tau):
                points = fine_tuned(f, x, s.alpha, s.nu)
                if step == 0:
                    points = kept.setdefault((id(f), s.nu, w.dtype), (f, points))[1]
                x = x - s.beta * swept(f.hvp, f.gradient(points[-1]), points[:-1], s.alpha)
            ends.append(x)
        return sum(ends) / len(ends)

    return f
