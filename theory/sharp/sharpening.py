"""How far a statement's constant is from the best possible one, proved on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from theory.language.errors import InputError
from theory.sharp.certificates import Given, written
from theory.sharp.checker import PROOFS
from theory.sharp.floors import fixed_point, fixed_point_gap, mean_over_rounds
from theory.sharp.keys import read_given
from theory.sharp.rounds import round_change
from theory.sharp.sides import Sides

SHARP, BRACKETED, UPPER_ONLY, NOT_CERTIFIED = "SHARP", "BRACKETED", "UPPER ONLY", "NOT CERTIFIED"
SHARP_WITHIN = Fraction(1, 1000)
_SEARCHES: Mapping[str, Callable[[str, Given], Sides]] = {
    "T1b": round_change,
    "T1d": round_change,
    "T2p": mean_over_rounds,
    "T4p": fixed_point,
    "T4p_gap": fixed_point_gap,
}


@dataclass(frozen=True)
class Sharpened:
    """What is proved of the best possible constant at L_F = gamma_F = 1, and a certificate of it.

    upper, lower: exact values, None where nothing is proved. ours: the statement's own constant. certificate: what
    `theory.sharp.checker.check` reads.
    """

    statement: str
    sides: Sides
    upper: Fraction | None
    lower: Fraction | None
    certificate: str

    @property
    def ours(self) -> Fraction:
        """The constant of the statement itself."""
        return self.sides.ours

    @property
    def gap(self) -> Fraction | None:
        """(upper - lower)/upper."""
        return None if self.upper is None or self.lower is None else (self.upper - self.lower) / self.upper

    @property
    def word(self) -> str:
        """SHARP with a gap of at most 1e-3, BRACKETED with a larger one, UPPER ONLY, or NOT CERTIFIED."""
        if self.upper is None:
            return NOT_CERTIFIED
        if self.gap is None:
            return UPPER_ONLY
        return SHARP if self.gap <= SHARP_WITHIN else BRACKETED


def sharpen(statement: str, **inputs: object) -> Sharpened:
    """The best possible constant of a statement, between two exact values.

    Source: the closed forms of D1, T1d and T4p, or the semidefinite problem of theory.sharp.problem and its dual.

    Args:
        statement: T1b, T1d, T2p, T4p or T4p_gap.
        inputs: numbers as for `theory.quantity(...).value`: h, tau, and by statement A, mu_c, n, m, K, F0_gap, mu_F.

    Raises:
        InputError: an input is unknown, missing or out of range, or the extra `sharp` is needed and missing.

    >>> found = sharpen("T4p", h=1, tau=2)
    >>> found.word, found.upper, found.lower, found.ours
    ('SHARP', Fraction(1, 15), Fraction(1, 15), Fraction(1, 15))
    """
    given = read_given(statement, inputs)
    sides = _SEARCHES[statement](statement, given)
    parts = {side: part for side, part in (("upper", sides.upper), ("lower", sides.lower)) if part}
    proved = {side: PROOFS[side](statement, sides.given, part) for side, part in parts.items()}
    valued = {side: {"value": proved[side], **part} for side, part in parts.items()}
    try:
        text = written(statement, sides.given, valued)
    except ValueError:  # Python refuses to write integers of more than some thousand digits
        raise InputError(f"{statement}: the exact values are too long; give inputs with fewer digits") from None
    return Sharpened(statement, sides, proved.get("upper"), proved.get("lower"), text)
