"""Which left sides answer for a statement or a claim."""

from __future__ import annotations

from empirics.algorithm.modes import Mode
from reports.analyses.claims import measured_with, sources
from reports.judging.measurement import Measurement
from reports.measure.at_points import AtPoints
from reports.measure.mean_squared import LEAST, LEAST_SCRIPT
from reports.measure.statement import LeftSide, Measured, Target
from reports.measure.with_batches import WithBatches
from reports.statements import beside, left_sides, statements
from theory.claims.reading import Claim
from theory.language.records import IDENTITY
from theory.tables import Table

# the bias of a mode that draws no batches is its error
_ERRORS = {Mode.FIRST_ORDER: "first_order_error", Mode.HESSIAN_FREE: "hessian_free_error"}


def targets_of(id: str, table: Table) -> list[Target]:
    """The left sides of a statement, or of one bound; none for an identity, which bounds nothing."""
    mine = statements()[id].left if id in statements() else [left for left in _all() if left.bound == id]
    return [left.target for left in mine if table.bound(left.bound).kind != IDENTITY]


def targets_of_claim(claim: Claim) -> list[Target]:
    """The left sides of what a claim bounds, in the modes it speaks about."""
    wanted = {measured_with(claim)}
    if claim.measures.name == "meta_gradient_bias":
        wanted |= {error for mode, error in _ERRORS.items() if mode in claim.modes}
    return [target for target, measures in sources().items() if measures in wanted]


def statement_of(target: Target) -> Measured:
    """The record of the statement whose left side a target is."""
    return next(one for one in statements().values() if any(left.target == target for left in one.left))


def mode_of(target: Target) -> Mode:
    """The mode that the statement of a target is about; one about runs is searched in the exact mode."""
    statement = statement_of(target)
    return statement.mode if isinstance(statement, AtPoints | WithBatches) else Mode.EXACT


def source(measurement: Measurement) -> LeftSide:
    """The left side behind a measurement, also behind a claim's."""
    target = measurement.origin or (measurement.bound, measurement.quantity)
    return next(left for left in _all() if left.target == target)


def left_script(measurement: Measurement, claim: Claim | None) -> str:
    """How a counterexample's script computes the left side from the functions that stand above it."""
    if claim is not None and claim.measures.name == LEAST:
        return LEAST_SCRIPT
    text = source(measurement).script
    return f"{text}\nmeasured = measured ** 2" if squared(claim) else text


def carried(claim: Claim) -> str:
    """What a claim bounds, where rows of another left side carry it along."""
    return LEAST if claim.measures.name == LEAST else ""


def squared(claim: Claim | None) -> bool:
    """Whether a claim bounds the square of the left side that is measured."""
    return claim is not None and claim.measures.name == "meta_gradient_squared_spread"


def _all() -> list[LeftSide]:
    return [*left_sides(), *(one.left for one in beside())]
