"""Strategies of rounds: a few agents, and a meta step inside, on or just outside h = beta tau L_F <= 1."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Problem
from empirics.testing.arrays import Arrays
from empirics.testing.examples import round_examples
from empirics.testing.rounds import RoundCase, RoundSetting
from empirics.testing.strategies import OUTSIDE, curvature, quadratics, ridges, vectors

_H = (0.25, 0.5, 1.0, OUTSIDE[0])


@st.composite
def _of(
    draw: DrawFn,
    mode: str,
    agents: tuple[Problem, ...],
    steps: tuple[int, int],
    local: tuple[int, int],
    region: tuple[float, ...],
) -> RoundCase:
    """alpha L in the region for the largest L; beta tau q^(2 nu) L in `_H`, which is h on quadratics (S4: rho = 0).

    delta = 2^-k, k up to 6.
    """
    d, L = agents[0].d, max(curvature(agent) for agent in agents)
    alpha, nu, tau = draw(st.sampled_from(region)) / L, draw(st.integers(*steps)), draw(st.integers(*local))
    beta = draw(st.sampled_from(_H)) / (tau * (1 + alpha * L) ** (2 * nu) * L)
    w = draw(vectors(d))
    delta = 2.0 ** -draw(st.integers(0, 6)) if Mode(mode).probes else None
    return RoundCase(agents, w, RoundSetting(alpha, nu, beta, tau, mode, delta))


def _groups(
    sizes: tuple[int, int], counts: tuple[int, int], family: Callable[[int], SearchStrategy[Problem]]
) -> SearchStrategy[tuple[Problem, ...]]:
    """Agents of one family in one dimension."""
    shape = st.tuples(st.integers(*sizes), st.integers(*counts))
    return shape.flatmap(lambda drawn: st.tuples(*[family(drawn[0])] * drawn[1]))


def _two_features(d: int) -> SearchStrategy[Problem]:
    return ridges(d, 2)


def quadratic_rounds(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """One to three quadratic agents, one or two fine-tuning steps, up to three local steps."""
    agents = _groups((1, 3), (1, 3), quadratics)
    return agents.flatmap(lambda group: _of(mode, group, (1, 2), (1, 3), (0.25, 0.5, 1.0)))


def ridge_rounds(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """One to three nonlinear agents."""
    agents = _groups((1, 2), (1, 3), _two_features)
    return agents.flatmap(lambda group: _of(mode, group, (1, 2), (1, 3), (0.25, 0.5, 1.0)))


def rounds(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """Rounds of quadratic or of nonlinear agents."""
    return st.one_of(quadratic_rounds(mode, arrays), ridge_rounds(mode, arrays))


def unadapted_rounds(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """nu = 0, so FedAvg, with two agents of any family."""
    agents = st.integers(1, 3).flatmap(lambda d: st.tuples(*[st.one_of(quadratics(d), ridges(d, 2))] * 2))
    return agents.flatmap(lambda group: _of(mode, group, (0, 0), (1, 3), (0.5,)))


def crowded_rounds(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """Five or six agents in one or two dimensions."""
    agents = _groups((1, 2), (5, 6), quadratics)
    return agents.flatmap(lambda group: _of(mode, group, (0, 1), (1, 2), (0.5,)))


def lonely_rounds(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """One agent, four to eight local steps."""
    agents = st.integers(1, 2).flatmap(lambda d: st.tuples(st.one_of(quadratics(d), ridges(d, 2))))
    return agents.flatmap(lambda group: _of(mode, group, (0, 2), (4, 8), (0.5,)))


def conduct_cases(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """The fixed examples: how a function behaves depends on numbers little."""
    return st.sampled_from(round_examples(mode))


def one_case(mode: str, arrays: Arrays) -> SearchStrategy[RoundCase]:
    """The first of them."""
    return st.just(round_examples(mode)[0])
