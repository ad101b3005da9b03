"""Which left sides answer for a statement or a claim."""

from __future__ import annotations

from reports.analyses.claims import sources
from reports.judging.finding import Finding
from reports.measure.statement import LeftSide, Target
from reports.statements import beside, left_sides, statements
from theory.claims.reading import Claim
from theory.language.records import IDENTITY
from theory.tables import Table

_ERRORS = {"first_order": "first_order_error", "hessian_free": "hessian_free_error"}


def targets_of(id: str, table: Table) -> list[Target]:
    """The left sides of a statement, or of one bound; none for an identity, which bounds nothing."""
    mine = statements()[id].left if id in statements() else [left for left in _all() if left.bound == id]
    return [left.target for left in mine if table.bound(left.bound).kind != IDENTITY]


def targets_of_claim(claim: Claim) -> list[Target]:
    """The left sides of what a claim bounds, in the modes it speaks about."""
    wanted = {claim.measures.name}
    if claim.measures.name == "meta_gradient_bias":
        wanted |= {_ERRORS[mode] for mode in claim.modes if mode in _ERRORS}
    return [target for target, measures in sources().items() if measures in wanted]


def source(finding: Finding) -> LeftSide:
    """The left side behind a finding, also behind a claim's."""
    target = finding.origin or (finding.bound, finding.quantity)
    return next(left for left in _all() if left.target == target)


def _all() -> list[LeftSide]:
    return [*left_sides(), *(one.left for one in beside())]
