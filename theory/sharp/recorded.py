"""Our own constants, as the records state them, in the units of a round."""

from __future__ import annotations

from fractions import Fraction

from theory.language.errors import InputError
from theory.sharp.certificates import Given
from theory.tables import quantity

_KEYS = ("h", "tau", "mu_c", "n", "m", "mu_F", "K", "F0_gap")


def recorded(name: str, given: Given, **more: Fraction) -> Fraction:
    """The exact value of a quantity at L_F = gamma_F = 1 without noise and bias, with D1's pair.

    Raises:
        InputError: it has no rational value there.

    >>> recorded("T4p", {"h": Fraction(1), "tau": Fraction(2), "mu_c": Fraction(-1)})
    Fraction(1, 15)
    """
    n = given.get("n", Fraction(2))
    inputs = {"n": n, "m": n, **{key: given[key] for key in _KEYS if key in given}}
    beta = given["h"] / given["tau"]
    found = quantity(name).evaluate(**inputs, **more, beta=beta, L_F=1, gamma_F=1, drift="ball")
    if found.exact is None:
        failed = "; ".join(f"{check.name}: {check.detail}" for check in found.hypotheses if not check.holds)
        raise InputError(f"{name} at {', '.join(f'{key} = {value}' for key, value in inputs.items())}: {failed}")
    return found.exact
