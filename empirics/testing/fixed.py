"""What checked code fixes for itself, and what that leaves of the cases and properties."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from empirics.numerics.checks import integer
from empirics.numerics.errors import InputError
from empirics.testing.property import Property

RETURNS = ("gradient", "parameters")


@dataclass(frozen=True)
class Fixed:
    """The number of fine-tuning steps and the probe length that the code always takes; None: it takes what it is given.

    >>> from empirics.testing import Case, Quadratic
    >>> case = Case(Quadratic(A=((1.0,),), c=(0.0,)), w=(8.0,), alpha=0.5, nu=0)
    >>> Fixed(nu=1).applied(case)                    # no step is a step of length 0
    Case(problem=Quadratic(A=((1.0,),), c=(0.0,)), w=(8.0,), alpha=0.0, nu=1)
    """

    nu: int | None = None
    delta: float | None = None

    def applied(self, case: Any) -> Any:
        """The case with what is fixed in place of what was drawn."""
        if self.nu is not None:
            drawn = getattr(case, "setting", case)
            case = case.but(nu=self.nu, alpha=drawn.alpha if drawn.nu else 0.0)
        probed = getattr(case, "setting", case).delta is not None
        return case.but(delta=self.delta) if probed and self.delta is not None else case

    def allows(self, tested: Property) -> bool:
        """Whether the property can be asked: it varies nothing that is fixed, and speaks about that nu."""
        varied = any(getattr(self, name) is not None for name in tested.varies)
        return not varied and (self.nu is None or tested.nu in (None, self.nu))


FREE = Fixed()


def fixed_at(nu: Any, delta: Any) -> Fixed:
    """Checked input: nu a positive integer or None, delta a positive number or None."""
    if delta is not None and not (isinstance(delta, (int, float)) and math.isfinite(delta) and delta > 0):
        raise InputError(f"delta = {delta!r}: expected the probe length that your code fixes, a number > 0, or None")
    return Fixed(None if nu is None else integer("nu", nu, at_least=1), None if delta is None else float(delta))


def returned(kind: Any) -> str:
    """Checked input: what the function returns."""
    if kind not in RETURNS:
        raise InputError(f"returns = {kind!r}: expected one of {', '.join(RETURNS)}")
    return kind
