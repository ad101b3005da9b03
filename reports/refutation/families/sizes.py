"""Counts that the families try: fine-tuning steps, agents and batch sizes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STEPS = tuple({"nu": nu, "n": 1} for nu in (1, 2, 3, 24))
AGENTS = tuple({"nu": nu, "n": n} for n in (2, 3, 4) for nu in (1, 2, 3))
# batch sizes, one of which is large at a time; several steps of large batches have too many outcomes
_SIZES = ((1, 1, 1), (4, 1, 1), (16, 1, 1), (1, 4, 1), (1, 16, 1), (1, 1, 4), (1, 1, 16), (4, 4, 4))
BATCHES = tuple(
    {"nu": nu, "n": 1, "D": D, "D_prime": D_prime, "D_H": D_H}
    for D, D_prime, D_H in _SIZES
    for nu in ((1, 2, 3) if D == 1 else (1,))
)
LARGEST_BATCHES = MappingProxyType({"nu": 12, "n": 256, "D": 1024, "D_prime": 1024, "D_H": 1024})
MOST_OUTCOMES = 4_096  # of the batches of one meta-gradient, each of which is evaluated for thousands of instances


def batch_sizes(option: Mapping[str, int]) -> dict[str, int]:
    """The sizes of an option's three batches."""
    return {name: option[name] for name in ("D", "D_prime", "D_H")}


def outcomes(option: Mapping[str, int]) -> int:
    """In how many ways the signs of gradient noise enter nu inner batches and the outer one.

    >>> outcomes({"nu": 2, "D": 3, "D_prime": 1})
    32
    """
    return (option["D"] + 1) ** option["nu"] * (option["D_prime"] + 1)
