"""The right side of a row at its inputs: a value, or why it has none, and balls that decide where it is not rounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from flint import arb, ctx, fmpq

import theory
from reports.judging.measurement import Measurement, Unproved, Withheld
from theory.enclosure import rounding
from theory.enclosure.evaluation import COMPARED
from theory.enclosure.scope import Ends
from theory.language.errors import NoValue, PrecisionError, TooLarge
from theory.tables import Table

_Balls = Callable[[], Iterator[arb]]
_MOST_OF_MEASURED = 3  # precisions, 512 bits: three times those of a left side


def _nothing() -> Iterator[arb]:
    return iter(())


@dataclass(frozen=True)
class RightSide:
    """A right side, evaluated.

    absent: why it has no value. open: why it is not rounded to a double, or why a hypothesis is not decided. Both are
    empty for an ordinary number. balls: enclosures at rising precision. measured: inputs of it are intervals, and so is
    it: then the balls alone tell where it is, and its value is one of many.
    """

    evaluation: theory.Evaluation
    absent: str = ""
    open: str = ""
    balls: _Balls = _nothing
    measured: bool = False

    def order(self, lower: Fraction, upper: Fraction) -> int:
        """-1 where [lower, upper] is at most the right side, 1 where it is above it, 0 where no precision tells.

        >>> one = theory.Evaluation("x", Fraction(1), 1.0, "1", ("1", "1"), (), "", "")
        >>> RightSide(one).order(Fraction(1), Fraction(1))
        -1
        """
        known = None if self.measured else self.evaluation.between
        if known is not None and (upper <= known[0] or lower > known[1]):
            return -1 if upper <= known[0] else 1
        for ball in self.balls() if known is None or known[0] < known[1] else ():
            if _number(upper) <= ball:
                return -1
            if _number(lower) > ball:
                return 1
        return 0

    def at_least(self, number: float) -> bool:
        """Whether it is proved to be no smaller."""
        return self.order(Fraction(number), Fraction(number)) < 0

    @property
    def ends(self) -> tuple[Fraction, Fraction] | None:
        """Rationals around it, and around all its values where inputs are intervals; None where none are known."""
        if not (self.measured and self.evaluation.admissible):
            return self.evaluation.between
        *_, ball = (None, *self.balls())
        return None if ball is None else (rounding.dyadic(ball.lower()), rounding.dyadic(ball.upper()))

    @property
    def words(self) -> str:
        """It, or the narrowest interval that it is known to lie in."""
        if self.evaluation.value is not None:
            return f"{self.evaluation.value:.6g}"
        *_, ball = (None, *self.balls())
        return "not enclosed" if ball is None else f"in [{_end(ball.lower())}, {_end(ball.upper())}]"

    @property
    def largest(self) -> float | None:
        """A double that it does not exceed, None where none is known."""
        if self.evaluation.value is not None and not self.measured:
            return self.evaluation.value
        ball = next((ball for ball in self.balls() if abs(ball) < arb(2) ** 1000), None)
        return None if ball is None else rounding.double_above(ball)


def right_side(measurement: Measurement, table: Table) -> RightSide:
    """The right side of a measurement at its inputs.

    Raises:
        InputError: an input is missing or out of range, where there is evidence that asks for it.
    """
    quantity, inputs, between = table.quantity(measurement.quantity), measurement.inputs, measurement.between
    balls = _balls(quantity, between, inputs)
    found = theory.Evaluation(quantity.name, None, None, None, None, (), quantity.provenance, quantity.source)
    try:
        found = theory.Evaluation(**{**vars(found), "hypotheses": quantity.checks(between, **inputs)})
        return RightSide(quantity.evaluate(**inputs), balls=balls, measured=bool(between))
    except NoValue as error:
        return RightSide(found, absent=str(error))
    except (TooLarge, PrecisionError) as error:
        decided = bool(found.hypotheses) or not quantity.hypotheses
        return RightSide(found, "", str(error), balls if decided else _nothing, bool(between))
    except theory.InputError:
        if not isinstance(measurement.evidence, Withheld | Unproved):
            raise
        return RightSide(found)


def _balls(quantity: theory.Quantity, between: Ends, inputs: Mapping[str, str]) -> _Balls:
    def found() -> Iterator[arb]:
        try:
            # more bits do not make the interval of a measured input narrower
            yield from islice(quantity.enclosures(between, **inputs), _MOST_OF_MEASURED if between else None)
        except (NoValue, PrecisionError):  # no proof that it has a value, or too many steps
            return

    return found


def _end(value: arb) -> str:
    return rounding.text(value, 6)


def _number(value: Fraction) -> arb:
    with ctx.workprec(2 * COMPARED[-1]):
        return arb(fmpq(value.numerator, value.denominator))
