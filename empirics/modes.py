"""The six modes, and which options each of them needs."""

from __future__ import annotations

from typing import Any

from empirics.checks import choice, integer, real
from empirics.errors import InputError

MODES = (
    "exact",
    "stochastic",
    "first_order",
    "first_order_stochastic",
    "hessian_free",
    "hessian_free_stochastic",
)
Sizes = tuple[int, int, int]


def check_mode(mode: Any, delta: Any, batches: Any) -> tuple[str, float | None, Sizes | None]:
    """Mode, delta and batch sizes, refused when one is missing that the mode needs, or given that it has no use for.

    batches is (D, D', D_H). First-order mode draws no Hessian batch: its D_H may be None.
    """
    mode = choice("mode", mode, MODES)
    if mode.startswith("hessian_free"):
        if delta is None:
            raise InputError(f"delta is missing: mode {mode} needs a probe step, a number > 0")
        delta = real("delta", delta, above=0)
    elif delta is not None:
        raise InputError(
            f"delta = {delta!r}: mode {mode} has no use for it; leave it out or choose a Hessian-free mode"
        )
    if not mode.endswith("stochastic"):
        if batches is not None:
            raise InputError(f"batches = {batches!r}: mode {mode} draws none; leave it out or choose a stochastic mode")
        return mode, delta, None
    if batches is None:
        raise InputError(f"batches is missing: mode {mode} needs batch sizes (D, D_prime, D_H)")
    if not isinstance(batches, (tuple, list)) or len(batches) != 3:
        raise InputError(f"batches = {batches!r}: expected three batch sizes (D, D_prime, D_H)")
    inner, outer, hessian = batches
    if mode == "first_order_stochastic" and hessian is None:
        hessian = 1
    return (
        mode,
        delta,
        (_size("D", inner, mode), _size("D_prime", outer, mode), _size("D_H", hessian, mode)),
    )


def _size(name: str, size: int | None, mode: str) -> int:
    """A batch size that the mode needs, refused when it is missing or not a positive integer."""
    if size is None:
        raise InputError(f"{name} is missing: mode {mode} needs a batch size, an integer >= 1")
    return integer(name, size, at_least=1)
