"""The six modes, what each of them asks of a task, and which options it needs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from empirics.numerics.checks import choice, integer, real
from empirics.numerics.errors import InputError

BatchSizes = tuple[int, int, int]


class Mode(StrEnum):
    """How a meta-gradient is computed; a mode is also the string of its name.

    draws: every gradient and every Hessian is that of a batch of its own.
    curved: the factors I - alpha H are kept; first-order modes drop them.
    probes: a factor's product is a central difference of gradients at distance delta, not a Hessian-vector product.

    >>> Mode("hessian_free_stochastic").full_batch, Mode.EXACT.order, Mode.HESSIAN_FREE.order
    ('hessian_free', 2, 1)
    """

    draws: bool
    curved: bool
    probes: bool

    EXACT = "exact", False, True, False
    STOCHASTIC = "stochastic", True, True, False
    FIRST_ORDER = "first_order", False, False, False
    FIRST_ORDER_STOCHASTIC = "first_order_stochastic", True, False, False
    HESSIAN_FREE = "hessian_free", False, True, True
    HESSIAN_FREE_STOCHASTIC = "hessian_free_stochastic", True, True, True

    def __new__(cls, name: str, draws: bool, curved: bool, probes: bool) -> Mode:
        """A member: its name, and what sets it apart from the others."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.draws, member.curved, member.probes = draws, curved, probes
        return member

    def __repr__(self) -> str:
        """As the string that makes it, so that a printed case can be run."""
        return repr(self.value)

    @property
    def order(self) -> int:
        """The highest derivative of a loss that it evaluates."""
        return 2 if self.curved and not self.probes else 1

    @property
    def full_batch(self) -> Mode:
        """The mode that this one estimates with batches; itself when it draws none."""
        return next(mode for mode in Mode if (mode.draws, *mode._kind) == (False, *self._kind))

    def hessian_batches(self, nu: int) -> int:
        """Batches that one meta-gradient draws for its factors."""
        return nu if self.draws and self.curved else 0

    @property
    def _kind(self) -> tuple[bool, bool]:
        return self.curved, self.probes


MODES = tuple(Mode)
FULL_BATCH = tuple(mode for mode in Mode if not mode.draws)
SAMPLED = tuple(mode for mode in Mode if mode.draws)


def check_mode(mode: Any, delta: Any, batches: Any) -> tuple[Mode, float | None, BatchSizes | None]:
    """Mode, delta and batch sizes, refused when one is missing that the mode needs, or given that it has no use for.

    batches is (D, D', D_H). A mode without Hessian batches takes None for D_H.
    """
    mode = Mode(choice("mode", mode, MODES))
    if mode.probes:
        if delta is None:
            raise InputError(f"delta is missing: mode {mode} needs a probe step, a number > 0")
        delta = real("delta", delta, above=0)
    elif delta is not None:
        raise InputError(
            f"delta = {delta!r}: mode {mode} has no use for it; leave it out or choose a Hessian-free mode"
        )
    if not mode.draws:
        if batches is not None:
            raise InputError(f"batches = {batches!r}: mode {mode} draws none; leave it out or choose a stochastic mode")
        return mode, delta, None
    if batches is None:
        raise InputError(f"batches is missing: mode {mode} needs batch sizes (D, D_prime, D_H)")
    if not isinstance(batches, (tuple, list)) or len(batches) != 3:
        raise InputError(f"batches = {batches!r}: expected three batch sizes (D, D_prime, D_H)")
    inner, outer, hessian = batches
    if not mode.curved and hessian is None:
        hessian = 1
    return mode, delta, (_size("D", inner, mode), _size("D_prime", outer, mode), _size("D_H", hessian, mode))


def _size(name: str, size: int | None, mode: Mode) -> int:
    """A batch size that the mode needs, refused when it is missing or not a positive integer."""
    if size is None:
        raise InputError(f"{name} is missing: mode {mode} needs a batch size, an integer >= 1")
    return integer(name, size, at_least=1)
