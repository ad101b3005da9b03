"""A wrong answer that equals what a classic mistake would have given names its own cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from empirics.testing import oracles
from empirics.testing.cases import Case
from empirics.testing.rounds import RoundCase, next_iterate
from empirics.testing.suspects_fitted import META_FAMILIES, ROUND_FAMILIES, Family
from empirics.testing.suspects_meta import meta_mistakes
from empirics.testing.suspects_round import round_mistakes

_SINGLE = float(np.finfo(np.float32).eps)
# A fitted number explains something only where the answers that show it have more numbers than the one that is fitted.
_LEAST_NUMBERS = 3
_FITTED_TO, _FITTING_STEPS = 4, 8
_ROUNDINGS = 256

Mistakes = Iterable[tuple[str, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Observation:
    """What a checked function answered on a case, what is right, its rounding, and what each mistake would give.

    `answered(family, number)` is what a mistake with a free number would give. `tolerance` is the rounding of the right
    answer, which may be far smaller than a wrong one: `blur` is some roundings, relative `eps`, of what was found.
    """

    found: np.ndarray
    expected: np.ndarray
    tolerance: float
    suspected: Callable[[], Mistakes]
    families: tuple[Family, ...] = ()
    answered: Callable[[Family, float], np.ndarray | None] = field(default=lambda family, number: None)
    eps: float = 0.0

    @cached_property
    def mistakes(self) -> dict[str, np.ndarray]:
        """Sentences and answers, evaluated when they are asked for."""
        return dict(self.suspected())

    @property
    def blur(self) -> float:
        """Some hundred roundings of the answer."""
        return _ROUNDINGS * self.eps * float(np.linalg.norm(self.found))

    @property
    def wrong(self) -> bool:
        """Whether the answer is not the right one."""
        return not _near(self.found, self.expected, self.tolerance)

    def is_given_by(self, sentence: str) -> bool:
        """Whether the mistake gives the answer to rounding; one that cannot be made on the case gives what is right."""
        return _near(self.found, self.mistakes.get(sentence, self.expected), 4 * self.tolerance + self.blur)

    def shows(self, value: np.ndarray | None) -> bool:
        """Whether a mistake with this answer can be seen: far from what is right."""
        return value is not None and not _near(value, self.expected, 16 * self.tolerance)


def observed(case: Case, found: np.ndarray, tolerance: float, more: Mistakes = (), eps: float = 0.0) -> Observation:
    """An answer of full-batch code, beside the classic mistakes and those that the caller adds."""
    expected = oracles.meta_gradient_of(case.problem, case.point, case.alpha, case.nu, case.mode, case.delta)
    return Observation(
        found, expected, tolerance, lambda: (*meta_mistakes(case), *more), META_FAMILIES, partial(_answer, case), eps
    )


def observed_round(case: RoundCase, found: np.ndarray, tolerance: float, eps: float = 0.0) -> Observation:
    """The same for a round."""
    return Observation(
        found, next_iterate(case), tolerance, lambda: round_mistakes(case), ROUND_FAMILIES, partial(_answer, case), eps
    )


def diagnosis(observations: Sequence[Observation]) -> str:
    """The mistakes that give every answer, of which one at least is wrong; no text where none does.

    A shrunk case is small enough for several mistakes to coincide: larger ones tell most of them apart, and those that
    remain are all named. Mistakes with a free number are looked at where no other gives the answers.
    """
    if not any(each.wrong for each in observations):
        return ""
    told = [
        sentence
        for sentence in dict.fromkeys(sentence for each in observations if each.wrong for sentence in each.mistakes)
        if all(each.is_given_by(sentence) for each in observations)
        and any(each.wrong and each.shows(each.mistakes.get(sentence)) for each in observations)
    ] or _fitted_all(observations)
    if not told:
        return ""
    same = "" if len(told) == 1 else " (the cases that failed do not tell these apart)"
    return f"the answer is, to rounding, what comes out when {'; or '.join(told)}{same}"


def single_precision(cases: Sequence[Case], observations: Sequence[Observation]) -> str:
    """That no answer is off by more than float32 allows, and most by more than float64 does, or no text."""
    within = all(
        _near(each.found, each.expected, case.rounding(_SINGLE)) for case, each in zip(cases, observations, strict=True)
    )
    # Few wrong answers among many are a mistake of special cases, not of the arithmetic.
    if within and 4 * sum(each.wrong for each in observations) >= 3 * len(observations) > 0:
        return "the answer is right to single precision only: something is computed or stored in float32"
    return ""


def _fitted_all(observations: Sequence[Observation]) -> list[str]:
    # A number far from the right one may give anything.
    with np.errstate(all="ignore"):
        told = [_fitted(family, observations) for family in observations[0].families]
    return list(dict.fromkeys(sentence for sentence in told if sentence))


def _fitted(family: Family, observations: Sequence[Observation]) -> str:
    """The sentence with the number that gives every answer: a usual one, or else the one that fits best."""
    seen = [each for each in observations if each.wrong][:_FITTED_TO]

    def misfit(number: float) -> np.ndarray | None:
        values = [each.answered(family, number) for each in seen]
        pairs = zip(seen, values, strict=True)
        parts = [
            (value - each.found) / (each.tolerance + each.blur or 1e-300) for each, value in pairs if value is not None
        ]
        return np.concatenate(parts) if len(parts) == len(seen) else None

    def explains(number: float) -> bool:
        numbers = 0
        for each in observations:
            value = each.answered(family, number)
            # The fitted number is off by its own rounding, which the answers see again.
            if value is None or not _near(each.found, value, 8 * each.tolerance + each.blur):
                return False
            numbers += len(each.found) if each.wrong and each.shows(value) else 0
        return numbers >= _LEAST_NUMBERS

    for number in family.usual:
        if explains(number):
            return family.sentence.format(f"{number:g}")
    sizes = {number: float(np.linalg.norm(off)) for number in family.usual if (off := misfit(number)) is not None}
    if not sizes:
        return ""
    number = _least(misfit, min(sizes, key=lambda usual: sizes[usual]))
    return family.sentence.format(f"{number:.4g}") if number is not None and explains(number) else ""


def _least(misfit: Callable[[float], np.ndarray | None], number: float) -> float | None:
    """The number of least misfit near the given one, by Gauss-Newton steps; None where there is no misfit to see."""
    for _ in range(_FITTING_STEPS):
        step = 1e-6 * number
        here, there = misfit(number), misfit(number + step)
        if here is None or there is None:
            return None
        slope = (there - here) / step
        if not 0 < slope @ slope < np.inf:
            return None
        number -= float(slope @ here) / float(slope @ slope)
    return number


def _answer(case: Any, family: Family, number: float) -> np.ndarray | None:
    """What the mistake gives; None where it gives no number, as for a division by zero."""
    try:
        value = family.answer(case, number)
    except (ArithmeticError, np.linalg.LinAlgError):
        return None
    return value if value is not None and np.isfinite(value).all() else None


def _near(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    return float(np.linalg.norm(one - other)) <= tolerance
