"""Batch sizes and the probe step: which of them a mode has a use for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from empirics.algorithm.modes import MODES, Mode

BATCHES = {
    "D": "batch of each fine-tuning gradient",
    "D_prime": "batch of the gradient at the fine-tuned point",
    "D_H": "batch of each Hessian",
    "delta": "probe step of the Hessian-free modes",
}
OPTIONS = tuple(BATCHES)


def taken_by(mode: Mode) -> set[str]:
    """The options that a mode needs.

    >>> sorted(taken_by(Mode.FIRST_ORDER_STOCHASTIC))
    ['D', 'D_prime']
    """
    sizes = {"D", "D_prime", *(("D_H",) if mode.curved else ())} if mode.draws else set()
    return sizes | ({"delta"} if mode.probes else set())


def problem_with(mode: Mode, given: Mapping[str, Any]) -> str | None:
    """What is wrong with the options that a mode is given, None where nothing is.

    >>> problem_with(Mode.HESSIAN_FREE, {})
    'delta is missing: mode hessian_free needs delta'
    """
    needed = taken_by(mode)
    idle = {"D_H"} if mode.draws else set()  # a first-order mode with batches draws none for Hessians
    for key in OPTIONS:
        value = given.get(key)
        if value is None and key in needed:
            return f"{key} is missing: mode {mode} needs {', '.join(one for one in OPTIONS if one in needed)}"
        if value is not None and key not in needed | idle:
            users = ", ".join(one for one in MODES if key in taken_by(one))
            return f"{key} = {value}: mode {mode} has no use for it; leave it out, or choose {users}"
    return None
