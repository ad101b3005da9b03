"""python -m reports.refute: search for an instance on which a bound or a claim is exceeded, and print it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reports.refusal import OneLine, RefusedError, failures, refusals

if TYPE_CHECKING:
    from reports.refutation.attempt import Outcome
    from reports.refutation.confirm import Asked

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=OneLine)
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
        from reports.refutation.attempt import attempt

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
    from theory.language.errors import near
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
        hint = near(name, (*bounds, *(claim.id for claim in stated)))
        raise RefusedError(f"{name}: unknown{hint}; expected one of {known}")
    return Asked(table, targets_of(name, table)), ""


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
