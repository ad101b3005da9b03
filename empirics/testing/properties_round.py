"""One round: closed forms on quadratics, dense local steps, and what the average must not depend on."""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.arrays import numbers
from empirics.testing.comparison import Comparison
from empirics.testing.problems import Quadratic
from empirics.testing.property import Property
from empirics.testing.rounds import AskRound, RoundCase, next_iterate


def returns_an_iterate(ask: AskRound, case: RoundCase) -> Comparison:
    """The answer is one finite vector."""
    return Comparison(ask(case).shape, (len(case.w),), 0.0)


def affine_on_quadratics(ask: AskRound, case: RoundCase) -> Comparison:
    """Q2: w -> mean_i [c_i + (I - beta M_i)^tau (w - c_i)], M_i = A_i (I - alpha A_i)^(2 nu)."""
    setting, results = case.setting, []
    for problem in case.problems:
        assert isinstance(problem, Quadratic)
        matrix, centre = np.array(problem.A), np.array(problem.c)
        identity = np.eye(len(centre))
        meta = matrix @ np.linalg.matrix_power(identity - setting.alpha * matrix, 2 * setting.nu)
        contraction = np.linalg.matrix_power(identity - setting.beta * meta, setting.tau)
        results.append(centre + contraction @ (case.point - centre))
    return Comparison(ask(case), np.mean(results, axis=0), ask.rounding(case))


def local_steps(ask: AskRound, case: RoundCase) -> Comparison:
    """Nonlinear agents: tau local steps of dense meta-gradients, each at the agent's own iterate, then the mean."""
    return Comparison(ask(case), next_iterate(case), ask.rounding(case))


def fedavg(ask: AskRound, case: RoundCase) -> Comparison:
    """nu = 0: tau plain gradient steps on every agent, then the mean."""
    ends = []
    for problem in case.problems:
        w = case.point
        for _ in range(case.setting.tau):
            w = w - case.setting.beta * oracles.gradient_at(problem, w)
        ends.append(w)
    return Comparison(ask(case), np.mean(ends, axis=0), ask.rounding(case))


def order_of_agents(ask: AskRound, case: RoundCase) -> Comparison:
    """The agents in reverse order give the same iterate."""
    turned = case.but(problems=case.problems[::-1])
    return Comparison(ask(turned), ask(case), 2 * ask.rounding(case))


def agents_twice(ask: AskRound, case: RoundCase) -> Comparison:
    """Every agent listed twice gives the same iterate: agents count equally, however many data points they hold."""
    doubled = case.but(problems=case.problems * 2)
    return Comparison(ask(doubled), ask(case), ask.rounding(case) + ask.rounding(doubled))


def steps_compose(ask: AskRound, case: RoundCase) -> Comparison:
    """One agent alone: a round of tau local steps is tau rounds of one, also for many of them."""
    single, w = case.but(tau=1), case.w
    tolerance = ask.rounding(case)
    for _ in range(case.setting.tau):
        w = tuple(float(x) for x in ask(single.but(w=w)))
    return Comparison(ask(case), np.array(w), 2 * tolerance)


def untouched_server(ask: AskRound, case: RoundCase) -> Comparison:
    """The server's w is left as it was: every agent starts from it."""
    w = ask.arrays.make(case.w)
    before = numbers(w, len(case.w))
    numbers(ask.raw(case, w), len(case.w))
    changed = int(np.sum(numbers(w, len(case.w)) != before))
    marked = bool(getattr(w, "requires_grad", False)) or getattr(w, "grad", None) is not None
    return Comparison(changed + int(marked), 0, 0.0)


EXACT = (Mode.EXACT,)
PROPERTIES = (
    Property(
        "returns_an_iterate",
        "the answer is one finite vector of the shape of w",
        "the function returns all agents' results, or nothing",
        EXACT,
        "rounds",
        returns_an_iterate,
    ),
    Property(
        "affine_on_quadratics",
        "Q2: on quadratics a round is w -> T w + t with known T and t",
        "alpha and beta are exchanged, a sign is wrong, or a sum stands for the mean",
        EXACT,
        "quadratic_rounds",
        affine_on_quadratics,
    ),
    Property(
        "local_steps",
        "each local step is -beta grad F_i at the agent's own local iterate",
        "a gradient or a Hessian is kept from an earlier local step, or agents are averaged before they have adapted",
        EXACT,
        "ridge_rounds",
        local_steps,
    ),
    Property(
        "fedavg",
        "nu = 0 is FedAvg: tau plain gradient steps",
        "the loop always takes a fine-tuning step",
        EXACT,
        "unadapted_rounds",
        fedavg,
    ),
    Property(
        "order_of_agents",
        "the order of the agents does not matter",
        "an agent starts where another one ended, or the last chunk of agents has another weight",
        EXACT,
        "crowded_rounds",
        order_of_agents,
    ),
    Property(
        "agents_twice",
        "listing every agent twice changes nothing",
        "agents are weighted by something else than 1/n, or chunks of different length have equal weight",
        EXACT,
        "crowded_rounds",
        agents_twice,
    ),
    Property(
        "steps_compose",
        "for one agent a round of tau local steps is tau rounds of one",
        "a gradient is refreshed only every few local steps, or momentum is kept",
        EXACT,
        "lonely_rounds",
        steps_compose,
    ),
    Property(
        "untouched_server",
        "the server's parameters are left as they were",
        "an in-place update of w: the second agent starts where the first one ended",
        EXACT,
        "rounds",
        untouched_server,
    ),
)
