"""Cases beyond the sizes that are searched: many steps, agents and dimensions, reduced by hand where one fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Agent, SupportQuery
from empirics.testing.arrays import WrongResultError
from empirics.testing.ask import Ask
from empirics.testing.cases import Case
from empirics.testing.comparison import Comparison
from empirics.testing.problems import Ridge
from empirics.testing.rounds import AskRound, RoundCase, RoundSetting
from empirics.testing.sampled import AskSampled, SampledCase
from empirics.testing.search import Found, SearchResult


@dataclass(frozen=True)
class Size:
    """Dimensions, fine-tuning steps, agents and local steps of a case, and the seed of its numbers."""

    d: int
    nu: int
    n: int = 1
    tau: int = 1
    seed: int = 0


MOST = Size(d=64, nu=12, n=40, tau=12)
# Of a prime number of agents no chunk of equal length is left over; rounds have few dimensions, as their answer by hand
# forms a Hessian for each agent, local step and fine-tuning step.
_DEFAULT = {Ask: Size(d=64, nu=12), AskSampled: Size(d=16, nu=12), AskRound: Size(d=3, nu=2, n=37, tau=12)}
_HESSIANS = 800
_FEATURES = 3
# alpha L: over twelve steps of this length the bounds on rounding stay far below the effect of a step.
_STEP = 1 / 16


def sizes(kind: type, count: int, seed: int | None) -> Iterator[Size]:
    """The fixed large size of a checker, then random ones up to `MOST`; a seed of None draws afresh."""
    yield _DEFAULT[kind]
    rng = np.random.default_rng(seed)
    for _ in range(count - 1):
        nu, n, tau, d = (int(rng.integers(1, most + 1)) for most in (MOST.nu, MOST.n, MOST.tau, MOST.d))
        if kind is AskRound:
            n = max(1, min(n, _HESSIANS // (nu * tau)))
            d = min(d, 16)
        yield Size(d, nu, n, tau, int(rng.integers(2**31)))


def search_large(
    test: Callable[[Any], Comparison], made: Callable[[Size], Any], chosen: Iterator[Size]
) -> SearchResult:
    """The first size that fails, reduced one number after another as long as it does."""
    worst = 0.0
    for size in chosen:
        failure = _failure(test, made(size))
        if failure is None:
            worst = max(worst, test(made(size)).ratio)
            continue
        small = _reduced(size, lambda other: _failure(test, made(other)) is not None)
        found = _failure(test, made(small)) or failure
        # Suspects are asked about a second case, for which the next larger one does: the large one would cost minutes.
        return SearchResult(replace(found, first=made(_next_to(small, size))), worst)
    return SearchResult(None, worst)


def large_case(kind: type, mode: str, query: bool) -> Callable[[Size], Any]:
    """Size -> a case of a checker: sums of cosines with seeded features, short steps."""
    return partial({Ask: _meta, AskSampled: _sampled, AskRound: _round}[kind], mode, query)


def _meta(mode: str, query: bool, size: Size) -> Case:
    (agent,), w, alpha, delta = _drawn(replace(size, n=1), mode, query)
    return Case(agent, w, alpha, size.nu, mode, delta)


def _sampled(mode: str, query: bool, size: Size) -> SampledCase:
    (agent,), w, alpha, delta = _drawn(replace(size, n=1), mode, query)
    return SampledCase(agent, None, w, alpha, size.nu, mode, delta)


def _round(mode: str, query: bool, size: Size) -> RoundCase:
    agents, w, alpha, delta = _drawn(size, mode, query)
    return RoundCase(agents, w, RoundSetting(alpha, size.nu, alpha / size.tau, size.tau, mode, delta))


def _drawn(size: Size, mode: str, query: bool) -> tuple[tuple[Agent, ...], tuple[float, ...], float, float | None]:
    rng = np.random.default_rng(size.seed)
    losses = [_cosines(rng, size.d) for _ in range(size.n + 1)]
    agents = tuple(map(SupportQuery, losses, losses[1:])) if query else tuple(losses[:-1])
    largest = max(sum(abs(s) * float(np.dot(a, a)) for s, a in zip(f.s, f.a, strict=True)) for f in losses)
    delta = 0.125 if Mode(mode).probes else None
    return agents, _eighths(rng, size.d), _STEP / max(largest, 0.125), delta


def _cosines(rng: np.random.Generator, d: int) -> Ridge:
    # Features of length 1 or so in any dimension; multiples of 1/64, so that float32 sees the same problem.
    rows = np.round(64 * rng.uniform(-1, 1, (_FEATURES, d)) / np.sqrt(d)) / 64
    a = tuple(tuple(float(x) for x in row) for row in rows)
    s, phi = _eighths(rng, _FEATURES), _eighths(rng, _FEATURES)
    return Ridge("cosine", a, s, phi, _eighths(rng, d), samples=int(rng.integers(1, 10)))


def _eighths(rng: np.random.Generator, count: int) -> tuple[float, ...]:
    return tuple(float(k) / 8 for k in rng.integers(-8, 9, count))


def _failure(test: Callable[[Any], Comparison], case: Any) -> Found | None:
    try:
        comparison = test(case)
    except WrongResultError as error:
        return Found(case, None, error)
    return None if comparison.holds else Found(case, comparison, None)


def _next_to(small: Size, size: Size) -> Size:
    more = {name: min(getattr(small, name) + 1, getattr(size, name)) for name in ("d", "nu", "n", "tau")}
    return replace(small, **more)


def _reduced(size: Size, fails: Callable[[Size], bool]) -> Size:
    # Agents last: with few steps each of them costs little.
    for name in ("d", "tau", "nu", "n"):
        for smaller in range(1, getattr(size, name)):
            if fails(replace(size, **{name: smaller})):
                size = replace(size, **{name: smaller})
                break
    return size
