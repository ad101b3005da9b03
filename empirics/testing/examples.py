"""A few fixed cases on which the known mistakes give different answers: a function that fails is asked about them."""

from __future__ import annotations

from typing import Any

from empirics.algorithm.modes import Mode
from empirics.testing.agent import Agent, SupportQuery
from empirics.testing.ask import Ask
from empirics.testing.cases import Case
from empirics.testing.network_problem import Network
from empirics.testing.problems import Quadratic, Ridge
from empirics.testing.rounds import AskRound, RoundCase, RoundSetting
from empirics.testing.sampled import AskSampled, SampledCase

_COSINES = Ridge("cosine", ((1.0, 0.5), (-0.5, 1.5)), (1.0, -0.75), (0.5, 1.0), (0.25, -0.5), samples=2)
_WAVES = Ridge("cosine", ((0.5, 1.25), (1.0, -0.75)), (-0.5, 1.25), (0.25, -1.0), (0.5, 0.25), samples=5)
_BOWL = Quadratic(((1.5, 0.5, 0.0), (0.5, -0.75, 0.25), (0.0, 0.25, 1.0)), (0.5, -1.0, 0.25))
_DISH = Quadratic(((0.5, 0.0, 0.25), (0.0, 1.25, -0.5), (0.25, -0.5, 2.0)), (-0.5, 0.75, 1.0))
_NET = Network(((1.0,), (-0.5,)), (0.75, -1.0), hidden=2)
_OTHER_NET = Network(((0.25,), (1.5,)), (-0.5, 1.25), hidden=2)
_WIDE = Ridge(
    "logcosh", ((1.0, 0.5, -0.25, 0.75, 0.5), (0.25, -1.0, 0.5, 0.5, 1.0)), (1.0, 0.75), (0.25, -0.5), (0.0,) * 5
)
_OTHER_WIDE = Ridge("logcosh", ((0.5, 1.0, 0.75, -0.5, 0.25),), (1.25,), (0.5,), (0.0,) * 5)
# Losses that fine-tuning and the outer gradient see where they differ.
_PAIRS = ((_COSINES, _WAVES), (_BOWL, _DISH), (_NET, _OTHER_NET), (_WIDE, _OTHER_WIDE))
_POINTS = ((0.75, -0.5), (1.0, 0.5, -0.75), (0.5, -0.25, 1.0, 0.75, -1.0, 0.5), (0.5, -1.0, 0.25, 0.75, 1.5))
_STEPS = ((0.3, 3), (0.2, 1), (0.15, 2), (0.25, 7), (0.1, 0))


def examples(ask: Any, mode: str, query: bool) -> list[Any]:
    """The cases for a checked function, as the checker would ask it."""
    made = {Ask: meta_examples, AskSampled: sampled_examples, AskRound: round_examples}
    return made[type(ask)](mode, query)


def meta_examples(mode: str, query: bool = False) -> list[Case]:
    """Cosines, a quadratic, a network and log-cosh terms; 0 to 7 steps."""
    delta = 0.25 if Mode(mode).probes else None
    agents = _agents(query)
    pairs = [*zip(agents, _POINTS, strict=True), (agents[0], _POINTS[0])]
    settings = zip(pairs, _STEPS, strict=True)
    return [Case(agent, w, alpha, nu, mode, delta) for (agent, w), (alpha, nu) in settings]


def sampled_examples(mode: str, query: bool = False) -> list[SampledCase]:
    """The first three of them, of equal samples."""
    delta = 0.25 if Mode(mode).probes else None
    chosen = zip(_agents(query)[:3], _POINTS, ((0.3, 2), (0.2, 1), (0.15, 2)), strict=False)
    return [SampledCase(agent, None, w, alpha, nu, mode, delta) for agent, w, (alpha, nu) in chosen]


def round_examples(mode: str, query: bool = False) -> list[RoundCase]:
    """Three agents in the plane with different numbers of data points."""
    delta = 0.25 if Mode(mode).probes else None
    third = Ridge("cosine", ((-1.0, 0.75), (0.5, 0.5)), (1.5, 0.25), (0.5, -0.75), (-0.25, 0.5), samples=9)
    losses = (_COSINES, _WAVES, third)
    turned = (*losses[1:], losses[0])
    three = tuple(map(SupportQuery, losses, turned)) if query else losses
    settings = ((0.3, 2, 0.2, 3), (0.2, 1, 0.1, 2), (0.25, 0, 0.15, 2))
    return [RoundCase(three, (0.75, -0.5), RoundSetting(*numbers, mode, delta)) for numbers in settings]


def _agents(query: bool) -> list[Agent]:
    return [SupportQuery(*pair) if query else pair[0] for pair in _PAIRS]
