"""Plain text and JSON for the command line."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from theory.admissibility import Largest
from theory.enclosure.evaluation import Evaluation
from theory.enclosure.hypotheses import HypothesisCheck
from theory.formal.listing import described
from theory.views import Bound, Quantity

_WIDTH = 110


def describe_statement(bound: Bound) -> str:
    """Everything about a statement: claim, display, definitions, hypotheses, origin, proof."""
    hypotheses = [f"  {item.name}" + (f"  (when {item.optional} is given)" if item.optional else "")
                  for item in bound.hypotheses]  # fmt: skip
    lines = [
        f"{bound.id}  {bound.title}",
        "",
        _wrapped(bound.claim),
        "",
        "Statement (LaTeX)",
        *("  " + row for row in _rows(bound.latex)),
        "Quantities",
        *(f"  {name} = {line}" for name in bound.quantities for line in _expressions(bound.table.formulas[name])),
        "Hypotheses",
        *(hypotheses or ["  none beyond the assumptions"]),
        f"Assumptions  {', '.join(bound.assumptions)}",
        f"Kind         {bound.kind}",
        f"Modes        {', '.join(bound.modes)}",
        f"Provenance   {bound.provenance}",
        f"Source       {bound.source}",
        f"Checked      {described(bound.id)}",
        "Proof",
        textwrap.indent(_wrapped(bound.proof), "  "),
    ]
    return "\n".join(lines)


def describe_quantity(quantity: Quantity) -> str:
    """A quantity with its meaning, unit, expression, hypotheses and origin."""
    lines = [
        f"{quantity.name}  {quantity.meaning}",
        *(f"  {quantity.name} = {line}" for line in _expressions(quantity.formula)),
        f"LaTeX        {quantity.latex}",
        f"Unit         {quantity.unit}",
        f"Hypotheses   {', '.join(item.name for item in quantity.hypotheses) or 'none of its own'}",
        f"Provenance   {quantity.provenance}",
        f"Source       {quantity.source}",
    ]
    return "\n".join(lines)


def _expressions(formula: Any) -> list[str]:
    if len(formula.cases) == 1:
        return [str(formula.cases[0].expression)]
    return [f"{case.expression}    ({case.when.text})" for case in formula.cases]


def _rows(latex: str) -> list[str]:
    """The rows of an aligned display, with the rows of each cases environment kept together."""
    inner = latex.removeprefix(r"\begin{aligned} ").removesuffix(r" \end{aligned}")
    rows: list[str] = []
    for part in inner.split(r" \\ "):
        if rows and rows[-1].count(r"\begin{cases}") > rows[-1].count(r"\end{cases}"):
            rows[-1] += r" \\ " + part
        else:
            rows.append(part)
    return rows


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def evaluation_json(outcome: Evaluation) -> dict[str, Any]:
    """The contracted JSON object; numbers are decimal strings."""
    listed = {"choice": outcome.choice} if outcome.choice else {}
    return {
        "name": outcome.name,
        "exact": None if outcome.exact is None else str(outcome.exact),
        "value": outcome.digits,
        "enclosure": None if outcome.enclosure is None else list(outcome.enclosure),
        "hypotheses": [{"name": item.name, "holds": item.holds, "detail": item.detail} for item in outcome.hypotheses],
        "provenance": outcome.provenance,
        "source": outcome.source,
        **listed,
    }


def evaluation_text(outcome: Evaluation) -> str:
    """The same for reading."""
    failed = [item for item in outcome.hypotheses if not item.holds]
    if failed:
        return "\n".join(f"{outcome.name} has no value: {item.name} fails, {item.detail}" for item in failed)
    lines = [f"{outcome.name} = {outcome.digits}"]
    if outcome.exact is not None and len(str(outcome.exact)) <= _WIDTH:
        lines.append(f"exact       {outcome.exact}")
    if outcome.enclosure is not None:
        lines.append(f"enclosure   [{outcome.enclosure[0]}, {outcome.enclosure[1]}]")
    lines += [f"least at    {outcome.choice}"] if outcome.choice else []
    lines += [f"{_status(item)}{item.name}: {item.detail}" for item in outcome.hypotheses]
    lines.append(f"provenance  {outcome.provenance}, {outcome.source}")
    return "\n".join(lines)


def _status(check: HypothesisCheck) -> str:
    return "hypothesis  " if check.holds is True else "assumed     "


def largest_json(found: Largest) -> dict[str, Any]:
    """The largest step as decimal strings; null where nothing limits it."""
    unlimited = math.isinf(found.beta)
    return {
        "name": found.name,
        "beta": None if unlimited else repr(found.beta),
        "h": None if unlimited else repr(found.h),
        "binding": found.binding or None,
    }


def largest_text(found: Largest) -> str:
    """The same for reading."""
    if math.isinf(found.beta):
        return f"{found.name}: every beta is admissible"
    return f"beta  {found.beta!r}\nh     {found.h!r}\nlimited by {found.binding}; every smaller beta is admissible too"
