"""One round: closed forms on quadratics, dense local steps, and what the average must not depend on."""

from __future__ import annotations

import numpy as np

from empirics.algorithm.modes import FULL_BATCH, Mode
from empirics.testing import oracles
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

    First order has the power nu; central differences are exact on quadratics. With a query loss (A', c'), and
    P = (I - alpha A)^nu, a meta-gradient is M (w - c) + k: M = P A' P and k = P A' (c - c'), without the left P in
    first order.
    """
    setting, results = case.setting, []
    for agent in case.problems:
        support, query = agent.support, agent.query
        assert isinstance(support, Quadratic)
        assert isinstance(query, Quadratic)
        centre, identity = np.array(support.c), np.eye(agent.d)
        after = np.linalg.matrix_power(identity - setting.alpha * np.array(support.A), setting.nu)
        before = (after if Mode(setting.mode).curved else identity) @ np.array(query.A)
        step = identity - setting.beta * before @ after
        x, shift = case.point - centre, setting.beta * before @ (centre - np.array(query.c))
        for _ in range(setting.tau):
            x = step @ x - shift
        results.append(centre + x)
    return Comparison(ask(case), np.mean(results, axis=0), ask.rounding(case))


@property_for(
    FULL_BATCH,
    "ridge_rounds",
    cause="a gradient or a Hessian is kept from an earlier local step, or agents are averaged before they have adapted",
    large=True,
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
            w = w - case.setting.beta * oracles.gradient_at(problem.query, w)
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
