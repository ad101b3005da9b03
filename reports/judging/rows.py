"""What a verdict row says, and the only shape in which it is written."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from html import escape
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from theory.language.errors import near

Kind = Literal["identity", "deterministic", "expectation"]
Provenance = Literal["derived", "published", "claim"]
Side = Literal["exact", "upper", "lower", "interval"]


class Verdict(StrEnum):
    """The five possible outcomes of a row; `advice` says what a reader may conclude from each.

    >>> Verdict.VACUOUS.advice.startswith("True, but")
    True
    """

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"
    VACUOUS = "VACUOUS"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def advice(self) -> str:
        """What the verdict licenses a reader to say."""
        return _ADVICE[self]


_ADVICE = {
    Verdict.HOLDS: "True on every instance of this row, with rounding and luck excluded; "
    "it says nothing about instances that are not in the row.",
    Verdict.VIOLATED: "False: the witness of this row exceeds the bound beyond rounding and at the stated error level.",
    Verdict.VACUOUS: "True, but the bound is no smaller than a trivial one that needs no theorem, "
    "so it carries no information here.",
    Verdict.NOT_APPLICABLE: "A hypothesis of the bound fails on this row, so the bound claims nothing; "
    "the reason gives both sides in numbers.",
    Verdict.INCONCLUSIVE: "The evidence does not decide: the interval contains the bound, "
    "or a constant in the bound is known on the wrong side only.",
}


class StatedConstant(BaseModel):
    """A constant that entered a right side, with the side on which it is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float
    side: Side


class StatedHypothesis(BaseModel):
    """A hypothesis evaluated in numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    holds: bool | Literal["assumed"]
    detail: str


class Row(BaseModel):
    """One bound on one set of instances: what was measured, what was predicted, and the verdict.

    `measured`, `lower`, `upper` are the left side and its confidence limits (equal where it is exact); `predicted` is
    theory.quantity(quantity).value(**inputs); `trivial` is the bound that needs no theorem.

    >>> Row.model_fields["verdict"].annotation is Verdict
    True
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    row_id: str
    bound: str
    provenance: Provenance
    kind: Kind
    quantity: str
    inputs: dict[str, str]
    task: str
    mode: str
    nu: int
    tau: int | None = None
    n: int
    m: int | None = None
    alpha: float
    beta: float | None = None
    K: int | None = None
    seeds: int | None = None
    replicas: int | None = None
    measured: float | None = None
    lower: float | None = None
    upper: float | None = None
    predicted: float | None = None
    trivial: float | None = None
    tightness: float | None = None
    verdict: Verdict
    reason: str
    hypotheses: list[StatedHypothesis] = Field(default_factory=list)
    decided_by: str
    witness: dict[str, Any] | None = None
    constants: dict[str, StatedConstant] = Field(default_factory=dict)

    def _repr_html_(self) -> str:
        """Both sides and the verdict, as a notebook shows them."""
        told = ((name, getattr(self, name)) for name in _TOLD)
        cells = (f"<tr><th>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in told if value is not None)
        return f"<table>{''.join(cells)}</table>"


_TOLD = ("row_id", "predicted", "measured", "lower", "upper", "trivial", "tightness", "verdict", "reason")


class VerdictFile(BaseModel):
    """verdicts.json: the family-wise error level of the whole report, and its rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    error_level: float
    rows: list[Row]


def near_row(row_id: str, known: Iterable[str]) -> str:
    """A hint at the row that is most like an unknown one, of the same statement where that has rows.

    >>> near_row("T2:quadratc", ["T2:T2:cosine:exact:nu1", "T2:T2:quadratic:exact:nu1", "S3q:quadratc"])
    ' (did you mean T2:T2:quadratic:exact:nu1?)'
    """
    names = list(known)
    same = [name for name in names if name.partition(":")[0] == row_id.partition(":")[0]]
    return near(row_id, same, least=0.0) if same else near(row_id, names)
