"""From a measurement to a verdict row: hypotheses first, then the comparison, rounding and luck on the safe side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np

import theory
from reports.judging import statistics
from reports.judging.measurement import Enclosed, Measurement, Sampled, Unproved, Withheld
from reports.judging.ratio import common_part, one_round
from reports.judging.right_side import RightSide, right_side
from reports.judging.rows import Row, StatedHypothesis, Verdict
from theory.enclosure.hypotheses import HypothesisCheck
from theory.tables import Table

_PRICED = 2**18  # values up to which it is worked out how many would decide a row
_TOLD_FROM_0 = 2.0**-32  # of two doubles: a smaller difference of them is mostly their rounding
# a right side grows when these shrink, so that a certified lower bound is their sound side
_SOUND_BELOW = frozenset({"mu", "mu_F", "mu_c"})


def judge(measurements: Sequence[Measurement], family: int | None = None, table: Table | None = None) -> list[Row]:
    """Verdict rows of a whole report; the family is the number of rows that samples may decide, fixed by the plan.

    Support uses level 5e-4 / family for each betting bound (Bonferroni), shared by the looks at a growing sample
    (`statistics.level_of_look`); refutation is Holm's rule on e-values at 5e-4,
    the family's other members counting as never rejected. Without a family it is the sampled measurements at hand.
    The table holds the right sides: the theory's own unless one with claims is given.

    Raises ValueError when rows share an id or the family is smaller than the sampled measurements.
    """
    sampled = [measurement for measurement in measurements if isinstance(measurement.evidence, Sampled)]
    family = max(1, len(sampled)) if family is None else family
    if family < len(sampled):
        raise ValueError(f"family: {family} rows were fixed beforehand, but {len(sampled)} are decided by samples")
    level = support_level(family)
    table = table or theory.default_table()
    right_sides = {measurement.row_id: right_side(measurement, table) for measurement in measurements}
    if len(right_sides) != len(measurements):
        seen: set[str] = set()
        twice = sorted({f.row_id for f in measurements if f.row_id in seen or seen.add(f.row_id)})
        raise ValueError(f"row_id: every row needs its own, these occur twice: {', '.join(twice)}")
    evidence = [_against(measurement, right_sides[measurement.row_id]) for measurement in sampled]
    evidence += [0.0] * (family - len(evidence))
    rejected = statistics.holm_rejections(evidence, statistics.REFUTATION_LEVEL)[: len(sampled)]
    refuted = {measurement.row_id for measurement, reject in zip(sampled, rejected, strict=True) if reject}
    return [
        _row(measurement, table, right_sides[measurement.row_id], level, measurement.row_id in refuted)
        for measurement in measurements
    ]


def support_level(family: int) -> float:
    """The level of one row's betting bound: 5e-4 shared by the family."""
    return statistics.SUPPORT_LEVEL / family


def _against(measurement: Measurement, right: RightSide) -> float:
    """The e-value against the null hypothesis that the bound is true; observations are lowered by their rounding."""
    sample = measurement.evidence
    assert isinstance(sample, Sampled)
    largest = right.largest
    if largest is None or not right.evaluation.admissible:
        return 0.0
    upper = math.nextafter(math.nextafter(largest, math.inf) ** sample.power, math.inf)
    if not upper > sample.low:
        return 0.0
    lowered = replace(sample, values=(sample.values - sample.rounding).clip(min=sample.low))
    return max(statistics.bounded_e_value(seen, sample.low, sample.high, upper) for _, seen in lowered.looks())


@dataclass(frozen=True)
class _Decision:
    """A verdict with its reason and what decided it, and the left side with its limits where it was measured."""

    verdict: Verdict
    reason: str
    decided_by: str
    measured: float | None = None
    lower: float | None = None
    upper: float | None = None


def _row(measurement: Measurement, table: Table, right: RightSide, level: float, refuted: bool) -> Row:
    bound, made = table.bound(measurement.bound), _decision(measurement, right, level, refuted)
    evaluation, predicted = right.evaluation, right.evaluation.value
    return Row(
        row_id=measurement.row_id,
        bound=measurement.bound,
        provenance=bound.provenance,  # type: ignore[arg-type]
        kind=bound.kind,  # type: ignore[arg-type]
        quantity=measurement.quantity,
        inputs=dict(measurement.inputs),
        **asdict(measurement.setting),
        **asdict(made),
        predicted=predicted,
        trivial=measurement.trivial,
        tightness=_tightness(measurement, made.measured, predicted, table),
        hypotheses=[_stated(check, measurement.settled) for check in evaluation.hypotheses],
        witness=None if measurement.witness is None else dict(measurement.witness),
        constants=dict(measurement.constants),
    )


def _tightness(measurement: Measurement, measured: float | None, predicted: float | None, table: Table) -> float | None:
    """Measured over predicted, for one round without the shift and the descent that both share; None below 0."""
    if measured is None or predicted is None:
        return None
    if not one_round(measurement.inputs):
        return measured / predicted if predicted > 0 else None
    base = float(common_part(measurement, table))
    floor, least = predicted - base, _TOLD_FROM_0 * max(abs(base), abs(predicted))
    return (measured - base) / floor if floor > least else None


def _stated(check: HypothesisCheck, settled: Mapping[str, str]) -> StatedHypothesis:
    """A hypothesis as the right side's inputs decide it, or as what is known of the task and the run does."""
    if check.holds == "assumed" and check.name in settled:
        return StatedHypothesis(name=check.name, holds=True, detail=settled[check.name])
    return StatedHypothesis(name=check.name, holds=check.holds, detail=check.detail)


def _decision(measurement: Measurement, right: RightSide, level: float, refuted: bool) -> _Decision:
    evidence, failed = measurement.evidence, [check for check in right.evaluation.hypotheses if not check.holds]
    if isinstance(evidence, Withheld) or failed or right.absent:
        withheld = isinstance(evidence, Withheld)
        why = "; ".join(f"{check.name}: {check.detail}" for check in failed) or f"no value: {right.absent}"
        reason = evidence.reason if withheld else why
        reason = f"{reason} ({measurement.note})" if measurement.note else reason
        return _Decision(Verdict.NOT_APPLICABLE, reason, "hypothesis")
    if isinstance(evidence, Unproved):
        return _Decision(Verdict.INCONCLUSIVE, evidence.reason, "float64, not enclosed", evidence.value)
    if isinstance(evidence, Enclosed):
        middle = (evidence.lower + evidence.upper) / 2
        limits = _double(middle), _double(evidence.lower), _double(evidence.upper)
        verdict, reason = _compared(evidence, right)
        how = evidence.how
    else:
        limits = confidence_limits(evidence, level)
        verdict, reason = _decide_sample(limits[-1], right, refuted)
        if verdict is Verdict.INCONCLUSIVE and not _weak(measurement):
            reason = f"{reason}; {price(evidence, right, level)}"
        how = f"{evidence.how}, N = {evidence.values.size}, level {level:.2e} a row"
        how = how if evidence.look is None else f"{how}, shared by {evidence.look} looks and those to come"
    if verdict is not Verdict.VIOLATED:
        verdict, reason = _vacuous_or(verdict, reason, right, measurement.trivial)
    return _Decision(*_one_sided(verdict, reason, measurement), how, *limits)


def compare(evidence: Enclosed, lower: Fraction, upper: Fraction) -> tuple[Verdict, str]:
    """A left side enclosed in balls against a right side in [lower, upper], both exact rationals: no tolerance.

    >>> compare(Enclosed(Fraction(1), Fraction(1), ""), Fraction(1), Fraction(1))[0].name
    'HOLDS'
    """
    return _COMPARED[-1 if evidence.upper <= lower else 1 if evidence.lower > upper else 0]


_COMPARED = {
    -1: (Verdict.HOLDS, "the whole enclosure of the left side is at most the right side"),
    1: (Verdict.VIOLATED, "the whole enclosure of the left side exceeds the right side"),
    0: (Verdict.INCONCLUSIVE, "the enclosures of the two sides overlap"),
}


def _compared(evidence: Enclosed, right: RightSide) -> tuple[Verdict, str]:
    """The same at as many bits of the right side as decide."""
    verdict, reason = _COMPARED[right.order(evidence.lower, evidence.upper)]
    return verdict, f"{reason}{_open(right)}"


def _open(right: RightSide) -> str:
    """Where a right side is that is not rounded, and why it is not."""
    return f", which is {right.words}: {right.open}" if right.open else ""


def _decide_sample(upper: float, right: RightSide, refuted: bool) -> tuple[Verdict, str]:
    if refuted:
        return Verdict.VIOLATED, "the e-value against the bound passes Holm's rule"
    if right.at_least(upper):
        return Verdict.HOLDS, "the upper confidence limit of the left side is at most the right side"
    reason = "the right side lies inside the confidence interval of the left side"
    return Verdict.INCONCLUSIVE, f"{reason}{_open(right)}"


def _vacuous_or(verdict: Verdict, reason: str, right: RightSide, trivial: float | None) -> tuple[Verdict, str]:
    value = right.evaluation.value
    if trivial is not None and (right.at_least(trivial) if value is None else value >= trivial):
        return Verdict.VACUOUS, f"the right side {right.words} is not below the trivial bound {trivial:.6g}"
    return verdict, reason


def _one_sided(verdict: Verdict, reason: str, measurement: Measurement) -> tuple[Verdict, str]:
    """Nothing is decided by constants that are known on the wrong side: the true right side may be larger."""
    weak = _weak(measurement)
    if not weak:
        return verdict, reason
    sides = ", ".join(f"{name} ({measurement.constants[name].side})" for name in weak)
    where = f", {measurement.note}" if measurement.note else ""
    weakness = f"constants known on the wrong side only: {sides}{where}"
    return Verdict.INCONCLUSIVE, f"{weakness}; that neither certifies nor refutes a right side ({reason})"


def _weak(measurement: Measurement) -> list[str]:
    """Constants that are known on the wrong side only."""
    return sorted(name for name, constant in measurement.constants.items() if constant.side == _unsound_side(name))


def price(sample: Sampled, right: RightSide, level: float) -> str:
    """How many times its values would show that a bound holds, were all like those that are there, in powers of 2.

    The level stays that of the row, so that this is what a plan with so many more replicas would say.
    """
    size, times = sample.values.size, 2
    while True:
        look = None if sample.look is None else sample.look + times.bit_length() - 1
        grown = replace(sample, values=np.tile(sample.values, times), look=look)
        if right.at_least(confidence_limits(grown, level)[-1]):
            return f"{times} times the {size} values would decide it, were they all like these"
        if times * size >= _PRICED:
            return f"{times} times the {size} values would not show that it holds, were they all like these"
        times *= 2


def sound_side(name: str) -> str:
    """A right side grows with its constants, except with mu, mu_F and mu_c: there certified lower bounds are sound.

    >>> sound_side("L"), sound_side("mu")
    ('upper', 'lower')
    """
    return "lower" if name in _SOUND_BELOW else "upper"


def _unsound_side(name: str) -> str:
    return "upper" if sound_side(name) == "lower" else "lower"


def confidence_limits(sample: Sampled, level: float) -> tuple[float, float, float]:
    """Estimate, lower and upper confidence limit of the left side itself: the best ones of all looks at a sample."""
    share = partial(statistics.level_of_look, level) if sample.look is not None else lambda look: level
    seen, ends = [(values, share(look)) for look, values in sample.looks()], (sample.low, sample.high)
    mean = float(sample.values.mean())
    lower = max(statistics.betting_lower_bound(values, *ends, spent) for values, spent in seen) - sample.rounding
    lower = max(lower, sample.low)
    upper = min(statistics.betting_upper_bound(values, *ends, spent) for values, spent in seen) + sample.rounding
    if sample.power == 1:
        return mean, lower, upper
    roots = (max(x, 0.0) ** (1 / sample.power) for x in (mean, lower))
    return *roots, math.nextafter(max(upper, 0.0) ** (1 / sample.power), math.inf)


def _double(value: Fraction) -> float | None:
    """The nearest double, None for what is beyond every one of them."""
    try:
        return float(value)
    except OverflowError:
        return None
