"""python -m reports.refute: search for an instance on which a bound or a claim is exceeded, and print it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from reports.refusal import RefusedError, failures, refusals

if TYPE_CHECKING:
    from reports.measure.statement import Target
    from reports.refutation.confirm import Asked, Confirmed
    from reports.refutation.search import Candidate, Question

_ROUNDING = 1e-9  # what float64 alone may lift a ratio above 1 by
_CONFIRMATIONS = 24  # of candidates of one family while it is searched: each takes longer than many evaluations
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Outcome:
    """What came of a search: a counterexample with its script, or the closest instances and what was looked at."""

    counterexample: Confirmed | None
    script: str
    closest: list[tuple[Confirmed, str, float]]
    evaluations: int
    seconds: float
    searched: list[str]


@app.command()
def refute(
    name: Annotated[str, typer.Argument(metavar="ID_OR_CLAIM", help="a statement id such as S4, or the id of a claim")],
    claims: Annotated[list[str] | None, typer.Option(help="a TOML file of claims; repeatable")] = None,
    budget: Annotated[float, typer.Option(help="seconds to search for")] = 60.0,
    seed: Annotated[int, typer.Option(help="seed of the search")] = 0,
) -> None:
    """Search for measured > claimed.

    Exit status 1: a confirmed counterexample; 0: none found; 2: bad input; 3: a failure inside.
    """
    with refusals("reports.refute"), failures("reports.refute"):
        asked, unit_note = question(name, claims or [], budget, seed)
        outcome = attempt(asked, name, budget, seed)
    if unit_note:
        typer.echo(f"# units: {unit_note}", err=True)
    for line in report(name, outcome):
        typer.echo(line)
    raise typer.Exit(int(outcome.counterexample is not None))


def question(name: str, claims: list[str], budget: float, seed: int) -> tuple[Asked, str]:
    """The bound in question over the table that holds it.

    Raises:
        RefusedError: unknown name, a claims file that cannot be read, a claim that has no value, or a bad budget.
    """
    from reports.refutation.confirm import Asked
    from reports.refutation.targets import targets_of, targets_of_claim
    from reports.statements import statements
    from theory.claims.reading import ClaimError, read_claims, with_claims
    from theory.tables import default_table

    if not 0 < budget <= 86_400 or seed < 0:
        raise RefusedError(f"--budget {budget:g} --seed {seed}: expected seconds in (0, 86400] and a seed >= 0")
    try:
        stated = read_claims(claims)
    except ClaimError as error:
        raise RefusedError(str(error)) from None
    table = with_claims(default_table(), stated)
    for claim in stated:
        if claim.id == name:
            if not claim.checkable:
                why = "is not filled in" if not claim.filled else f"has the free constant {', '.join(claim.constants)}"
                raise RefusedError(f"{name} {why}; nothing to refute ({claim.place})")
            return Asked(table, targets_of_claim(claim), claim), claim.unit_note
    bounds = dict.fromkeys((*default_table().statements, *statements()))
    if name not in bounds:
        known = ", ".join((*bounds, *(claim.id for claim in stated)))
        raise RefusedError(f"{name}: unknown; expected one of {known}")
    return Asked(table, targets_of(name, table)), ""


def attempt(asked: Asked, name: str, budget: float, seed: int) -> Outcome:
    """First the stored witnesses, then the families; a hit is confirmed, simplified and written out."""
    from reports.judging.rows import Verdict
    from reports.refutation.confirm import confirm, simplified, stored
    from reports.refutation.families import families_for
    from reports.refutation.search import explore
    from reports.refutation.targets import mode_of

    if not asked.targets:
        return Outcome(None, "", [], 0, 0.0, [])
    witnesses = stored(asked)
    if witnesses and witnesses[0].violated:
        return Outcome(
            witnesses[0], _script(witnesses[0], asked, name), [], len(witnesses), 0.0, ["the stored witnesses"]
        )
    modes = None if asked.claim is None else asked.claim.modes
    served = [
        (target, family)
        for target in asked.targets
        for family in families_for(target)
        if modes is None or (family.mode or mode_of(target)) in modes
    ]
    closest = [(one, "", 0.0) for one in witnesses[:3]]
    evaluations, seconds, searched = len(witnesses), 0.0, ["the stored witnesses"]
    for place, (target, family) in enumerate(served):
        hits: list[Confirmed] = []
        tried: list[Candidate] = []

        def exceeded(
            candidate: Candidate,
            target: Target = target,
            hits: list[Confirmed] = hits,
            tried: list[Candidate] = tried,
        ) -> bool:
            if candidate.ratio > 1 + _ROUNDING and len(tried) < _CONFIRMATIONS:
                tried.append(candidate)
                hit = simplified(candidate, asked, target)
                hits.extend([hit] if hit is not None else [])
            return bool(hits)

        share = (budget - seconds) / (len(served) - place)
        candidates, done = explore(_search_question(asked, target), [family], share, seed, exceeded)
        evaluations, seconds = evaluations + done.evaluations, seconds + done.seconds
        searched.append(f"{target[0]} on {family.name}: {family.words}")
        if not hits and candidates and len(tried) == _CONFIRMATIONS:
            hit = simplified(candidates[0], asked, target)
            hits.extend([hit] if hit is not None else [])
        if hits:
            return Outcome(hits[0], _script(hits[0], asked, name), [], evaluations, seconds, searched)
        for candidate in candidates[:2]:
            found = confirm(candidate, asked, target)
            if found is not None and found.row.verdict in (Verdict.HOLDS, Verdict.VACUOUS):
                closest.append((found, candidate.leading, candidate.share))
    best: dict[tuple[str, str], tuple[Confirmed, str, float]] = {}
    for entry in sorted(closest, key=lambda entry: -entry[0].ratio):
        best.setdefault((entry[0].row.quantity, entry[1]), entry)
    return Outcome(None, "", list(best.values()), evaluations, seconds, searched)


def _search_question(asked: Asked, target: tuple[str, str]) -> Question:
    from reports.refutation.search import Question

    claim = asked.claim
    if claim is None:
        return Question(target, target[1], asked.table)
    squared = claim.measures.name == "meta_gradient_squared_spread"
    return Question(target, claim.id, asked.table, squared, "A6" not in claim.assumes)


def _script(hit: Confirmed, asked: Asked, name: str) -> str:
    from reports.refutation.script import script

    squared = asked.claim is not None and asked.claim.measures.name == "meta_gradient_squared_spread"
    title = f"A counterexample to {name}: measured / claimed = {hit.ratio:.6g}."
    return script(hit.instance, hit.measurement, asked.table, title=title, squared=squared)


def report(name: str, outcome: Outcome) -> list[str]:
    """What is printed: the script alone when there is one, so that it can be piped into Python."""
    if outcome.counterexample is not None:
        return [outcome.script]
    if not outcome.searched:
        return [f"{name}: an identity of the computation, checked in every report; nothing was searched."]
    lines = [f"{name}: no counterexample found; that does not make it true."]
    lines.append(f"searched: not found in {outcome.seconds:.1f} s on {outcome.evaluations} instances")
    lines += [f"  {place}" for place in outcome.searched]
    if not outcome.closest:
        lines.append("on none of them was it enclosed with its hypotheses fulfilled: the search says nothing about it.")
    else:
        lines.append("largest measured / predicted, confirmed in exact or ball arithmetic:")
    for found, leading, share in outcome.closest[:8]:
        term = f"; the term {leading} is {100 * share:.1f} % of the right side" if leading else "; a stored witness"
        what = f"{found.row.bound} {found.row.quantity} nu = {found.row.nu}"
        lines.append(f"  {found.ratio:.6f}  {what} on {found.row.task}{term}")
        if leading:
            lines.append(f"            {found.instance.task.factory} {found.instance.task.arguments}")
    return lines


if __name__ == "__main__":
    app()
