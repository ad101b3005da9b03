"""Who takes part in a round, and what each agent weighs: F = sum_i p_i F_i."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from empirics.numerics.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# how far a sum of weights that were rounded to floats may be from 1; what is stored sums to 1 exactly
_ROUNDING = Fraction(1, 10**9)


class Sampling(StrEnum):
    """How the server finds the participants of a round.

    subset: m agents, uniform without replacement. replacement: m independent draws, agent i with probability p_i, each
    draw with batches of its own. full: every agent once, its result weighted by p_i.
    """

    SUBSET = "subset"
    REPLACEMENT = "replacement"
    FULL = "full"


class Weights(tuple[Fraction, ...]):
    """Positive weights of the agents that sum to 1 exactly, as rationals, and as rounds read them.

    What a device was sent is kept, since a recorded round may send nothing.
    """

    @cached_property
    def _sent(self) -> dict[tuple[torch.device, torch.dtype], Tensor]:
        return {}

    def floats(self, dtype: torch.dtype, device: torch.device) -> Tensor:
        """The nearest doubles in that precision, (n,)."""
        return self._on(device, dtype, lambda: [float(weight) for weight in self])

    def thresholds(self, device: torch.device) -> Tensor:
        """T_i = ceil(2^63 (p_1 + ... + p_i)) for i < n, (n - 1,): a uniform 63-bit key draws as many as are <= it.

        So agent i is drawn with probability p_i up to 2^-63.

        >>> import torch
        >>> exact_weights(["1/2", "1/4", "1/4"]).thresholds(torch.device("cpu")) / 2**63
        tensor([0.5000, 0.7500])
        """
        import torch  # here, as below: the words of a plan are checked without it

        from empirics.numerics.randomness import KEYS

        return self._on(device, torch.int64, lambda: [math.ceil(KEYS * part) for part in accumulate(self[:-1])])

    def _on(self, device: torch.device, dtype: torch.dtype, numbers: Callable[[], list[Any]]) -> Tensor:
        import torch

        if (device, dtype) not in self._sent:
            self._sent[device, dtype] = torch.tensor(numbers(), dtype=dtype).to(device)
        return self._sent[device, dtype]


def exact_weights(weights: Any) -> Weights:
    """What was given, exactly, divided by its sum.

    Numbers count as they are stored, so that 0.1 is a double and "0.1" or Fraction(1, 10) a tenth.

    Raises:
        InputError: no sequence of positive numbers whose sum is 1 within 1e-9.

    >>> exact_weights(["1/4", 0.75])
    (Fraction(1, 4), Fraction(3, 4))
    """
    if isinstance(weights, Weights):
        return weights
    given = weights.tolist() if hasattr(weights, "tolist") else weights
    if isinstance(given, str | bytes) or not isinstance(given, Sequence) or not given:
        raise InputError(f"weights = {weights!r}: expected a sequence of numbers > 0, one an agent, of sum 1")
    exact = [_positive(agent, weight) for agent, weight in enumerate(given)]
    total = sum(exact, Fraction(0))
    if abs(total - 1) > _ROUNDING:
        raise InputError(f"weights sum to {float(total):.9g}: expected 1; divide each of them by their sum")
    return Weights(weight / total for weight in exact)


def _positive(agent: int, weight: Any) -> Fraction:
    try:
        if isinstance(weight, bool) or not isinstance(weight, int | float | str | Fraction | Decimal):
            raise TypeError
        exact = Fraction(weight)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise InputError(f"weights[{agent}] = {weight!r}: expected a finite number > 0") from None
    if exact <= 0:
        raise InputError(f"weights[{agent}] = {weight!r}: expected a number > 0; leave out an agent that has no weight")
    return exact
