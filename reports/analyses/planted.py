"""Would we have noticed? Every planted error against every stored witness, and the score of the suite."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb_mat

from reports.analyses.witnesses import witnesses_of
from reports.balls import ball
from reports.balls.ball import BallMeta
from reports.judging.measurement import Enclosed, Measurement
from reports.judging.ratio import common_part, one_round
from reports.measure.task_instance import TaskInstance
from reports.plans.plan import WITNESSES, load_plan
from reports.sections import Section, SectionTable
from reports.statements import measured, with_beside, with_own
from reports.wrong_versions import AGENTS, FACTOR, Planted
from theory.enclosure.evaluation import Evaluation
from theory.language.algebra import Expr
from theory.language.errors import InputError, PrecisionError
from theory.tables import Table, default_table

SUBTLE = 1.2
# a difference of this size, relative to the right side, is still called strictly below
_STRICT = Fraction(1, 10**9)


@dataclass(frozen=True)
class Trial:
    """What became of a planted error.

    refuted: whether some instance exceeds it, decided in exact or ball arithmetic. instance: that row, or the one with
    the largest ratio. ratio: measured / wrong right side there (for T1 without the common shift). factor: by how much
    the wrong version is below the right one, the least over the instances where it is.
    """

    planted: Planted
    refuted: bool
    instance: str
    ratio: float | None
    factor: float | None

    @property
    def subtle(self) -> bool:
        """Within a factor 1.2 of the right bound, or wrong in a lower-order term."""
        return self.planted.lower_order or (self.factor is not None and self.factor <= SUBTLE)

    @property
    def below(self) -> bool:
        """Whether the wrong version is strictly below the right one on some admissible instance."""
        return self.factor is not None

    @property
    def why(self) -> str:
        """Why a version that is not refuted is not."""
        if self.refuted:
            return ""
        return "the right bound is loose there: no stored instance comes closer than the ratio shown"


def catalogue(own: tuple[str, ...] = ()) -> list[Planted]:
    """Every wrong version that a statement, or what stands beside it, has; `own` names a user's bounds."""
    return [wrong for one in with_beside(own) for wrong in one.wrong]


def run_trials(versions: Sequence[Planted], known: Sequence[Measurement], own: tuple[str, ...] = ()) -> list[Trial]:
    """Wrong versions against measurements of their statements."""
    right = with_own(default_table(), own)
    true = {measurement.row_id: _value(right, measurement) for measurement in known}
    return [_trial(planted, [f for f in known if f.bound == planted.statement], right, true) for planted in versions]


def trials_of(name: str, own: tuple[str, ...] = ()) -> list[Trial]:
    """The wrong versions of a statement, and of what stands beside it, against its witnesses.

    They come without what was changed, which is a function and stays in its process.
    """
    replaced, record = dataclasses.replace, measured(name)
    versions = [wrong for one in (record, *record.beside) for wrong in one.wrong]
    found = run_trials(versions, witnesses_of(name), own)
    return [replaced(one, planted=replaced(one.planted, change=_as_it_is)) for one in found]


def _as_it_is(expression: Expr) -> Expr:
    return expression


def identity_trials() -> list[Trial]:
    """Wrong meta-gradients: S1 is an identity, refuted by a relative difference beyond its rounding bound."""
    trials = []
    for wrong, formula in WRONG_IDENTITIES.items():
        task = load_plan(WITNESSES).tasks[0]
        instance, nu, alpha = TaskInstance.of(task).on_ball(4.0), 2, 0.5
        meta = BallMeta(instance.losses[0], ball.ball(alpha), nu)
        point = ball.column([1.0])
        true = meta.exact(point)
        difference = ball.norm(formula(meta, point) - true) / ball.norm(true)
        eta = instance.rounding(alpha, nu, 4.0)
        inputs = instance.inputs(
            alpha, nu, eta_G=eta.gradient, eta_H=eta.hessian, grad_norm=ball.float_below(ball.norm(true))
        )
        allowed = default_table().quantity("S1_relative").value(**inputs)
        planted = Planted("S1", "S1_relative", FACTOR, wrong, _as_it_is)
        where = f"S1:{task.name}:exact:nu{nu}"
        trials.append(
            Trial(planted, float(difference.lower()) > allowed, where, float(difference) / allowed, float("inf"))
        )
    return trials


def _one_factor_lost(meta: BallMeta, w: arb_mat) -> arb_mat:
    points = meta.trajectory(w)
    v = meta.f.gradient(points[-1])
    for point in points[1:-1]:
        v = v - meta.f.hvp(point, v) * meta.alpha
    return v


def _step_halved(meta: BallMeta, w: arb_mat) -> arb_mat:
    points = meta.trajectory(w)
    v = meta.f.gradient(points[-1])
    for point in reversed(points[:-1]):
        v = v - meta.f.hvp(point, v) * (meta.alpha / 2)
    return v


WRONG_IDENTITIES = {
    "nu - 1 Hessian factors for nu": _one_factor_lost,
    "no Hessian factor": lambda meta, w: meta.first_order(w),
    "alpha / 2 in the Hessian factors": _step_halved,
}


def mean_trial(measurements: Sequence[Measurement], right: Table) -> Trial:
    """The smoothness of the mean loss in place of that of every agent's: T1 is false with it (n = m = 2, tau = 5).

    gamma_F is the spread at w_k = 1, the only point where the proof of T1 uses it.
    """
    planted = Planted("T1b", "L_F", AGENTS, "the smoothness of the mean for the largest of the agents", _as_it_is)
    measurement = next(f for f in measurements if f.setting.task == "witness-mean")
    wrong = dataclasses.replace(measurement, inputs={**measurement.inputs, "L_F": "1/20", "gamma_F": "19/20"})
    claimed = _value(right, wrong)
    assert claimed is not None
    assert isinstance(measurement.evidence, Enclosed)
    return Trial(
        planted,
        measurement.evidence.lower > _between(claimed)[1],
        measurement.row_id,
        _ratio(wrong, right, claimed),
        float("inf"),
    )


def _trial(
    planted: Planted, measurements: Sequence[Measurement], right: Table, right_values: Mapping[str, Evaluation | None]
) -> Trial:
    wrong = planted.planted_in(right)
    hits: list[tuple[float, str]] = []
    misses: list[tuple[float, str]] = []
    factors: list[float] = []
    for measurement in measurements:
        claimed, true = _value(wrong, measurement), right_values[measurement.row_id]
        if claimed is None or true is None or _between(claimed) == _between(true):
            continue
        high = _between(claimed)[1]
        least = _between(true)[0]
        if high < least - _STRICT * abs(least):
            factors.append(_factor(claimed, true))
        evidence = measurement.evidence
        assert isinstance(evidence, Enclosed)
        ratio = _ratio(measurement, wrong, claimed)
        (hits if evidence.lower > high else misses).append((ratio, measurement.row_id))
    best = max(hits or misses, default=(None, ""))
    return Trial(planted, bool(hits), best[1], best[0], min(factors, default=None))


def _value(table: Table, measurement: Measurement) -> Evaluation | None:
    try:
        found = table.quantity(measurement.quantity).evaluate(**measurement.inputs)
    except (InputError, PrecisionError):
        return None
    return found if found.value is not None else None


def _between(evaluation: Evaluation) -> tuple[Fraction, Fraction]:
    assert evaluation.between is not None
    return evaluation.between


def _factor(wrong: Evaluation, right: Evaluation) -> float:
    """right / wrong, the other way round for negative right sides, infinite for 0."""
    assert wrong.value is not None
    assert right.value is not None
    above, below = (right.value, wrong.value) if right.value > 0 else (wrong.value, right.value)
    return above / below if below else float("inf")


def _ratio(measurement: Measurement, table: Table, claimed: Evaluation) -> float:
    """Measured over claimed; for T1 both without the common shift and the descent."""
    evidence = measurement.evidence
    assert isinstance(evidence, Enclosed)
    measured, predicted = (evidence.lower + evidence.upper) / 2, _between(claimed)[0]
    if one_round(measurement):
        base = common_part(measurement, table)
        measured, predicted = measured - base, predicted - base
    if predicted == 0:
        return float("inf") if measured > 0 else 0.0
    return float(measured / predicted) if predicted > 0 else float(predicted / measured)


# by statement, what is wrong otherwise than in a formula: meta-gradients, and a constant of the mean loss
FURTHER: Mapping[str, Callable[[], list[Trial]]] = {
    "S1": identity_trials,
    "T1": lambda: [mean_trial(witnesses_of("T1"), default_table())],
}


@dataclass(frozen=True)
class Score:
    """The score of the suite: how many wrong versions there are, how many are refuted, how many of them subtle."""

    total: int
    refuted: int
    subtle: int
    kinds: int
    statements: int

    @property
    def share(self) -> float:
        """Refuted versions over all that were planted; 0 when none were."""
        return self.refuted / self.total if self.total else 0.0


def score(trials: Sequence[Trial]) -> Score:
    """Counts over the trials."""
    return Score(
        len(trials),
        sum(trial.refuted for trial in trials),
        sum(trial.subtle for trial in trials),
        len({trial.planted.kind for trial in trials}),
        len({trial.planted.statement for trial in trials}),
    )


_COLUMNS = (
    "Statement", "Quantity", "Wrong version", "Kind", "Outcome", "ratio", "right / wrong", "Instance", "Why not"
)  # fmt: skip


def planted_section(trials: Sequence[Trial]) -> Section:
    """The score and every trial, for the page."""
    total = score(trials)
    by_statement: dict[str, list[Trial]] = {}
    for trial in trials:
        by_statement.setdefault(trial.planted.statement, []).append(trial)
    summary = [
        [name, len(mine), sum(trial.refuted for trial in mine), sum(trial.subtle for trial in mine)]
        for name, mine in by_statement.items()
    ]
    lines = [
        [
            trial.planted.statement, trial.planted.quantity, trial.planted.wrong, trial.planted.kind,
            "refuted" if trial.refuted else "not refutable", trial.ratio, trial.factor, trial.instance, trial.why,
        ]
        for trial in trials
    ]  # fmt: skip
    return Section(
        "planted",
        "Planted errors",
        (
            f"{total.total} wrong versions of the bounds were planted, {total.subtle} of them subtle (within a factor "
            f"{SUBTLE} of the right bound, or wrong in a lower-order term), of {total.kinds} kinds in "
            f"{total.statements} "
            f"statements. {total.refuted} ({100 * total.share:.0f} %) are refuted by an explicit instance, decided in "
            "exact or ball arithmetic. The others are not refutable on any stored instance, because the right bound is "
            "loose there: their largest ratio is shown.",
        ),
        (
            SectionTable("Planted errors by statement.", ("Statement", "planted", "refuted", "subtle"), summary),
            SectionTable(
                "Every planted error: measured / wrong right side on the instance named, and right / wrong.",
                _COLUMNS,
                lines,
                folded=True,
            ),
        ),
    )  # fmt: skip
