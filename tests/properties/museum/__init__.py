"""Wrong implementations, each a few lines, by kind of mistake: classic ones first, then what is met in use."""

from __future__ import annotations

from tests.properties.museum import (  # noqa: F401
    approximate,
    conduct,
    episodes,
    factors,
    federated,
    federated_rounds,
    memory,
    optimisers,
    probes,
    rounds,
    special_cases,
    stochastic,
)
from tests.properties.museum.mistake import MISTAKES, Mistake

__all__ = ["MISTAKES", "Mistake", "classic", "met"]

_CLASSIC = ("factors", "special_cases", "memory", "approximate", "stochastic", "rounds")


def classic() -> list[Mistake]:
    """The first museum."""
    return [mistake for mistake in MISTAKES if mistake.home in _CLASSIC]


def met() -> list[Mistake]:
    """The second: mistakes met in code that people have."""
    return [mistake for mistake in MISTAKES if mistake.home not in _CLASSIC]


def maker(name: str):
    """The maker of a mistake by its name."""
    return next(mistake.make for mistake in MISTAKES if mistake.name == name)
