"""One round: closed forms on quadratics, dense local steps, and what the average must not depend on."""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import FULL_BATCH, Mode
from empirics.testing import oracles
from empirics.testing.ask import UNCHANGED, changes
from empirics.testing.comparison import Comparison
from empirics.testing.problems import Quadratic
from empirics.testing.property import property_for
from empirics.testing.rounds import AskRound, RoundCase, next_iterate


@property_for(FULL_BATCH, "rounds", cause="the function returns all agents' results, or nothing")
def returns_an_iterate(ask: AskRound, case: RoundCase) -> Comparison:
    """The answer is one finite vector of the shape of w."""
    return Comparison(ask(case).shape, (len(case.w),), 0.0)


@property_for(
    FULL_BATCH,
    "quadratic_rounds",
    cause="alpha and beta are exchanged, a sign is wrong, or a sum stands for the mean",
)
def affine_on_quadratics(ask: AskRound, case: RoundCase) -> Comparison:
    """Q2: on quadratics a round is w -> mean [c_i + (I - beta M_i)^tau (w - c_i)], M_i = A_i (I - alpha A_i)^(2 nu).

    First order has the power nu; central differences are exact on quadratics.
    """
    setting, results = case.setting, []
    for problem in case.problems:
        assert isinstance(problem, Quadratic)
        matrix, centre = np.array(problem.A), np.array(problem.c)
        identity = np.eye(len(centre))
        power = (2 if Mode(setting.mode).curved else 1) * setting.nu
        meta = matrix @ np.linalg.matrix_power(identity - setting.alpha * matrix, power)
        contraction = np.linalg.matrix_power(identity - setting.beta * meta, setting.tau)
        results.append(centre + contraction @ (case.point - centre))
    return Comparison(ask(case), np.mean(results, axis=0), ask.rounding(case))


@property_for(
    FULL_BATCH,
    "ridge_rounds",
    cause="a gradient or a Hessian is kept from an earlier local step, or agents are averaged before they have adapted",
)
def local_steps(ask: AskRound, case: RoundCase) -> Comparison:
    """Each local step is -beta grad F_i at the agent's own local iterate; the mean is taken after the last."""
    return Comparison(ask(case), next_iterate(case), ask.rounding(case))


@property_for(FULL_BATCH, "unadapted_rounds", cause="the loop always takes a fine-tuning step")
def fedavg(ask: AskRound, case: RoundCase) -> Comparison:
    """nu = 0 is FedAvg: tau plain gradient steps on every agent, then the mean."""
    ends = []
    for problem in case.problems:
        w = case.point
        for _ in range(case.setting.tau):
            w = w - case.setting.beta * oracles.gradient_at(problem, w)
        ends.append(w)
    return Comparison(ask(case), np.mean(ends, axis=0), ask.rounding(case))


@property_for(
    FULL_BATCH,
    "crowded_rounds",
    cause="an agent starts where another one ended, or the last chunk of agents has another weight",
)
def order_of_agents(ask: AskRound, case: RoundCase) -> Comparison:
    """The order of the agents does not matter."""
    turned = case.but(problems=case.problems[::-1])
    return Comparison(ask(turned), ask(case), 2 * ask.rounding(case))


@property_for(
    FULL_BATCH,
    "crowded_rounds",
    cause="agents are weighted by something else than 1/n, or chunks of different length have equal weight",
)
def agents_twice(ask: AskRound, case: RoundCase) -> Comparison:
    """Listing every agent twice changes nothing: agents count equally, however many data points they hold."""
    doubled = case.but(problems=case.problems * 2)
    return Comparison(ask(doubled), ask(case), ask.rounding(case) + ask.rounding(doubled))


@property_for(
    FULL_BATCH, "lonely_rounds", cause="a gradient is refreshed only every few local steps, or momentum is kept"
)
def steps_compose(ask: AskRound, case: RoundCase) -> Comparison:
    """For one agent a round of tau local steps is tau rounds of one, also for many of them."""
    single, w = case.but(tau=1), case.w
    tolerance = ask.rounding(case)
    for _ in range(case.setting.tau):
        w = tuple(float(x) for x in ask(single.but(w=w)))
    return Comparison(ask(case), np.array(w), 2 * tolerance)


@property_for(FULL_BATCH, "rounds", cause="an in-place update of w: the second agent starts where the first one ended")
def untouched_server(ask: AskRound, case: RoundCase) -> Comparison:
    """The server's w is left as it was: every agent starts from it."""
    return Comparison(changes(ask, case), UNCHANGED, 0.0)
