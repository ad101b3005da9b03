"""Counts that the families try: fine-tuning steps, agents and batch sizes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STEPS = tuple({"nu": nu, "n": 1} for nu in (1, 2, 3))
AGENTS = tuple({"nu": nu, "n": n} for n in (2, 3, 4) for nu in (1, 2, 3))
# batch sizes, one of which is large at a time; several steps of large batches have too many outcomes
_SIZES = ((1, 1, 1), (4, 1, 1), (16, 1, 1), (1, 4, 1), (1, 16, 1), (1, 1, 4), (1, 1, 16), (4, 4, 4))
BATCHES = tuple(
    {"nu": nu, "n": 1, "D": D, "D_prime": D_prime, "D_H": D_H}
    for D, D_prime, D_H in _SIZES
    for nu in ((1, 2, 3) if D == 1 else (1,))
)
LARGEST_BATCHES = MappingProxyType({"nu": 4, "n": 64, "D": 64, "D_prime": 64, "D_H": 64})


def batch_sizes(option: Mapping[str, int]) -> dict[str, int]:
    """The sizes of an option's three batches."""
    return {name: option[name] for name in ("D", "D_prime", "D_H")}
