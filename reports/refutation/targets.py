"""Which left sides answer for a statement or a claim."""

from __future__ import annotations

from collections.abc import Iterable

from reports.analyses.claims import SOURCES
from reports.judging.finding import Finding
from reports.refutation.family import Target
from theory.claims.reading import Claim
from theory.tables import Table

# the built-in statements whose rows have another quantity than the one that heads the statement
_ROWS: dict[str, tuple[Target, ...]] = {
    "S1": (),
    "S3": (("S3", "B_F"), ("S3", "S3")),
    "S4": (("S4", "L_F"), ("S4", "L_F_pointwise")),
    "S6": (("S6", "sigma_F2"),),
    "S7": (("S7", "gamma_F"),),
    "S8s": (("S8s", "b_FO_sto"), ("S8s", "var_FO_sto")),
    "S9s": (("S9s", "b_HF_sto"), ("S9s", "mse_HF_sto")),
    "T1": (("T1b", "T1b"), ("T1c", "T1c"), ("T1a", "T1a")),
    "T4": (("T4", "T4"), ("T4", "T4_gap")),
}
_ERRORS = {"first_order": "first_order_error", "hessian_free": "hessian_free_error"}


def targets_of(id: str, table: Table) -> list[Target]:
    """The left sides of a built-in statement."""
    return list(_ROWS[id]) if id in _ROWS else [(id, table.bound(id).quantity)]


def targets_of_claim(claim: Claim) -> list[Target]:
    """The left sides of what a claim bounds, in the modes it speaks about."""
    wanted = {claim.measures.name}
    if claim.measures.name == "meta_gradient_bias":
        wanted |= {_ERRORS[mode] for mode in claim.modes if mode in _ERRORS}
    return [target for target, measures in SOURCES.items() if measures in wanted]


def source(finding: Finding) -> Target:
    """The built-in target behind a finding, also behind a claim's, whose left side the mode and cell decide."""
    built_in = {quantity: (statement, quantity) for statement, quantity in _known()}
    return built_in.get(finding.quantity, finding.origin or (finding.bound, finding.quantity))


def _known() -> Iterable[Target]:
    return (*SOURCES, *(target for rows in _ROWS.values() for target in rows), ("S2", "S2"), ("S10", "S10"))
