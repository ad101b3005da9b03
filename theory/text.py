"""Plain text and JSON for the command line."""

from __future__ import annotations

import math
from typing import Any

from theory.admissibility import Largest
from theory.enclosure.evaluation import Evaluation
from theory.enclosure.hypotheses import HypothesisCheck
from theory.formal.listing import described
from theory.language.conditions import Condition, Otherwise
from theory.language.records import Formula, Hypothesis, dependencies
from theory.language.setting import ASSUMPTIONS, GRADIENTS, SETS, SETTING
from theory.language.symbols import KNOWN
from theory.printing.choices import listed
from theory.printing.plain import WIDTH, indented, proof_lines, rows, wrapped
from theory.statements.lemmas import LEMMAS
from theory.views import Bound, Quantity


def describe_statement(bound: Bound) -> str:
    """Everything about a statement, so that it can be read alone: what it says, of what, under what, and why."""
    lines = [
        f"{bound.id}  {bound.title}" + (f"  (contained in {bound.within})" if bound.within else ""),
        "",
        wrapped(bound.claim),
        "",
        "Statement (LaTeX)",
        *("  " + row for row in rows(bound.latex)),
        "Quantities",
        *(f"  {name} = {line}" for name in bound.quantities for line in _expressions(bound.table.formulas[name])),
        *_choices(bound.table.formulas[bound.quantity]),
        "Hypotheses",
        *(_hypotheses(bound) or ["  none beyond the assumptions"]),
        "Assumptions",
        *(indented(f"{name}: {ASSUMPTIONS[name]}") for name in bound.assumptions),
        "Modes",
        *(indented(f"{mode}: g_i = {GRADIENTS[mode]}") for mode in bound.modes),
        *([indented(f"also {bound.serves}")] if bound.serves else []),
        *_by_mode(bound),
        f"Kind         {bound.kind}",
        f"Provenance   {bound.provenance}",
        f"Source       {bound.source}",
        f"Checked      {described(bound.id)}",
        "Proof",
        *proof_lines(bound.proof),
        *_lemmas(bound),
        "Symbols",
        *_symbols(bound),
        "Setting",
        *proof_lines(SETTING),
    ]
    return "\n".join(lines)


def _symbols(bound: Bound) -> list[str]:
    """Whatever the quantities use, in words, and what it is where no row above says so."""
    table = bound.table
    used = set().union(*(dependencies(table.formulas, name) for name in bound.quantities))
    given = [f"  {name}  {KNOWN[name].record.meaning}" for name in KNOWN if name in used - {*table.formulas}]
    derived = []
    for name in table.formulas:
        if name in used:
            formula = table.formulas[name]
            shown = [f"    {name} = {line}" for line in _expressions(formula)] if name not in bound.quantities else []
            derived += [f"  {name}  {formula.symbol.record.meaning}", *shown]
    return [*given, *derived]


def _hypotheses(bound: Bound) -> list[str]:
    stated = [
        f"  {_said(item)}" + (f"  (when {item.optional} is given)" if item.optional else "") + _where(item.when)
        for item in bound.hypotheses
    ]
    return stated + [
        indented(f"{item.name}{_where(item.when)}: {SETS.get(item.name, item.detail)}") for item in bound.assumed
    ]


def _said(item: Hypothesis) -> str:
    """A hypothesis by its name, and what it compares where that does not say so."""
    named = any(relation in item.name for relation in "<>=")
    return item.name if named else f"{item.name}: {item.left} {item.relation} {item.right}"


def _where(condition: Condition) -> str:
    return "" if isinstance(condition, Otherwise) else f"  (where {condition.text})"


def _choices(formula: Formula) -> list[str]:
    """The finite list over which a right side is least."""
    if not formula.choices:
        return []
    head = f"Without eps, {formula.name} is the least over those of these {len(formula.choices)} elements that apply,"
    return [f"{head} one value a row of", *listed(choice.text for choice in formula.choices)]


def _by_mode(bound: Bound) -> list[str]:
    """b and sigma^2 of the modes, where the statement uses them."""
    table = bound.table.formulas
    used = [name for name in ("b", "sigma2") if any(name in dependencies(table, item) for item in bound.quantities)]
    listed = [
        f"  {name} = {case.expression}    ({case.when.text})"
        for name in used
        for case in table[name].cases
        if case.when.text.removeprefix("mode ") in bound.modes
    ]
    return ["b and sigma^2 by mode", *listed] if listed else []


def _lemmas(bound: Bound) -> list[str]:
    named = [lemma for lemma in LEMMAS if lemma.id in bound.lemmas]
    return ["Lemmas", *(indented(f"{lemma.id} {lemma.title}: {lemma.claim}") for lemma in named)] if named else []


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
        *_choices(quantity.formula),
    ]
    return "\n".join(lines)


def _expressions(formula: Any) -> list[str]:
    if len(formula.cases) == 1:
        return [str(formula.cases[0].expression)]
    return [f"{case.expression}    ({case.when.text})" for case in formula.cases]


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
    if outcome.failed:
        return "\n".join(f"{outcome.name} has no value: {item.name} fails, {item.detail}" for item in outcome.failed)
    lines = [f"{outcome.name} = {outcome.digits}"]
    if outcome.exact is not None and len(str(outcome.exact)) <= WIDTH:
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
