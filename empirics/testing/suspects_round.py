"""What classic mistakes would have given for one round of Meta-FedAvg."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing import oracles
from empirics.testing.agent import Agent, SupportQuery
from empirics.testing.rounds import RoundCase, RoundSetting, local_paths, next_iterate

Step = Callable[[Agent, np.ndarray], np.ndarray]


def round_mistakes(case: RoundCase) -> Iterable[tuple[str, np.ndarray]]:
    """Sentences, each with the server iterate (d,) that it would explain."""
    setting, paths = case.setting, local_paths(case)
    ends = np.array([path[-1] for path in paths])
    counts = np.array([agent.samples for agent in case.problems], dtype=float)
    if setting.mode != Mode.EXACT:
        yield "meta-gradients are exact (the mode is ignored)", next_iterate(case.but(mode=Mode.EXACT, delta=None))
    if Mode(setting.mode).curved:
        first_order = case.but(mode=Mode.FIRST_ORDER, delta=None)
        yield "all Hessians are dropped (first order)", next_iterate(first_order)
    yield "the server's w is returned as it was", case.point
    yield "the answer is the change of w, not the new w", ends.mean(axis=0) - case.point
    yield from _other_losses(case)
    yield from _other_steps(case)
    yield from _other_order(case)
    yield "alpha and beta are exchanged", next_iterate(case.but(alpha=setting.beta, beta=setting.alpha))
    yield "alpha stands for beta", next_iterate(case.but(beta=setting.alpha))
    yield "beta stands for alpha", next_iterate(case.but(alpha=setting.beta))
    yield "agents are weighted by their numbers of data points", counts @ ends / counts.sum()
    yield "agents are added instead of averaged", case.point + (ends - case.point).sum(axis=0)
    yield "only the first agent counts", ends[0]
    yield "only the last agent counts", ends[-1]
    yield "the median of the agents stands for their mean", np.median(ends, axis=0)
    for size in range(2, 6):
        chunks = [ends[start : start + size].mean(axis=0) for start in range(0, len(ends), size)]
        yield f"chunks of {size} agents have equal weight, whatever their length", np.mean(chunks, axis=0)
    yield "the sign of the meta step is wrong", next_iterate(case.but(beta=-setting.beta))
    yield "one local step is taken", next_iterate(case.but(tau=1))
    yield "tau - 1 local steps are taken", next_iterate(case.but(tau=setting.tau - 1))
    yield "tau + 1 local steps are taken", next_iterate(case.but(tau=setting.tau + 1))
    yield "nothing is fine-tuned (plain FedAvg)", next_iterate(case.but(nu=0))
    yield "one fine-tuning step at least is taken, also for nu = 0", next_iterate(case.but(nu=max(setting.nu, 1)))
    yield "nu + 1 fine-tuning steps are taken", next_iterate(case.but(nu=setting.nu + 1))
    yield "nu - 1 fine-tuning steps are taken", next_iterate(case.but(nu=max(setting.nu - 1, 0)))
    for most in range(1, 6):
        few = next_iterate(case.but(tau=min(setting.tau, most)))
        yield f"at most {most} local step{'s are' if most > 1 else ' is'} taken", few


def _other_losses(case: RoundCase) -> Iterator[tuple[str, np.ndarray]]:
    """Support and query losses taken for one another; nothing where they are the same."""
    if all(agent.query is agent.support for agent in case.problems):
        return
    yield "the outer loss is the support loss", next_iterate(case.of(lambda agent: agent.support))
    yield "everything is done on the query loss", next_iterate(case.of(lambda agent: agent.query))
    exchanged = case.of(lambda agent: SupportQuery(agent.query, agent.support))
    yield "support and query are exchanged", next_iterate(exchanged)


def _other_steps(case: RoundCase) -> Iterator[tuple[str, np.ndarray]]:
    """Local steps that start or look elsewhere."""
    setting, start = case.setting, case.point
    step = partial(_meta_gradient, setting)

    def tuned(agent: Agent, x: np.ndarray) -> np.ndarray:
        return oracles.trajectory(agent, x, setting.alpha, setting.nu)[-1]

    def stale(agent: Agent, x: np.ndarray) -> np.ndarray:
        v = oracles.gradient_at(agent.query, tuned(agent, x))
        for point in reversed(oracles.trajectory(agent, start, setting.alpha, setting.nu)[:-1]):
            v = v - setting.alpha * oracles.hessian_at(agent.support, point) @ v
        return v

    moves: dict[str, Step] = {
        "local meta steps are taken from the fine-tuned points": lambda agent, x: (
            tuned(agent, x) - setting.beta * step(agent, x)
        ),
        "meta-gradients are taken at the fine-tuned points": lambda agent, x: (
            x - setting.beta * step(agent, tuned(agent, x))
        ),
        "every local step uses the meta-gradient at the server's w": lambda agent, x: (
            x - setting.beta * step(agent, start)
        ),
        "every local step starts from the server's w": lambda agent, x: start - setting.beta * step(agent, x),
        "local steps are fine-tuning steps (no meta-gradient is taken)": tuned,
    }
    if Mode(setting.mode).curved and not Mode(setting.mode).probes:
        moves["the Hessians are those along the trajectory from the server's w"] = lambda agent, x: (
            x - setting.beta * stale(agent, x)
        )
    for words, move in moves.items():
        yield words, np.mean([_repeated(move, agent, start, setting.tau) for agent in case.problems], axis=0)


def _other_order(case: RoundCase) -> Iterator[tuple[str, np.ndarray]]:
    """Agents that are not independent until the mean."""
    setting, x = case.setting, case.point
    step, ends = partial(_meta_gradient, setting), []
    for agent in case.problems:
        x = _repeated(lambda one, at: at - setting.beta * step(one, at), agent, x, setting.tau)
        ends.append(x)
    yield "every agent starts where the one before it ended, and the ends are averaged", np.mean(ends, axis=0)
    yield "every agent starts where the one before it ended, and the last end is returned", x
    x = case.point
    for _ in range(setting.tau):
        x = x - setting.beta * np.mean([step(agent, x) for agent in case.problems], axis=0)
    yield "agents are averaged after every local step", x
    yield "fine-tuning follows the mean gradient of all agents", _tuned_together(case)


def _tuned_together(case: RoundCase) -> np.ndarray:
    setting, ends = case.setting, []

    def together(x: np.ndarray) -> np.ndarray:
        return np.mean([oracles.gradient_at(agent.support, x) for agent in case.problems], axis=0)

    for agent in case.problems:
        x = case.point
        for _ in range(setting.tau):
            points = [x]
            for _ in range(setting.nu):
                points.append(points[-1] - setting.alpha * together(points[-1]))
            v = oracles.gradient_at(agent.query, points.pop())
            for point in reversed(points if Mode(setting.mode).curved else []):
                v = v - setting.alpha * oracles.hessian_at(agent.support, point) @ v
            x = x - setting.beta * v
        ends.append(x)
    return np.mean(ends, axis=0)


def _meta_gradient(setting: RoundSetting, agent: Agent, x: np.ndarray) -> np.ndarray:
    return oracles.meta_gradient_of(agent, x, setting.alpha, setting.nu, setting.mode, setting.delta)


def _repeated(move: Step, agent: Agent, x: np.ndarray, times: int) -> np.ndarray:
    for _ in range(times):
        x = move(agent, x)
    return x
