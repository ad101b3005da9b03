"""The command line: python -m theory list | show | eval | admissible | latex | formal."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from theory.formal.command import formal_command

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Constants and convergence bounds of Meta-FedAvg: exact values, hypotheses, proofs.",
)
_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}

Json = Annotated[bool, typer.Option("--json", help="Write JSON; numbers are decimal strings.")]
Pairs = Annotated[list[str] | None, typer.Argument(metavar="[key=value]...", help="Inputs, such as alpha=1/10 nu=2.")]


# typer ships its own copy of click in some versions and uses the installed one in others: take the base class of
# its public exceptions, which is the one its parser raises.
_ClickError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List every quantity and every statement."""
    from theory.tables import default_table

    table = default_table()
    quantities = [
        {"name": item.name, "unit": item.unit, "meaning": item.meaning, "provenance": item.provenance,
         "source": item.source} for item in table.quantities()
    ]  # fmt: skip
    statements = [
        {"id": item.id, "title": item.title, "kind": item.kind, "quantity": item.quantity,
         "provenance": item.provenance, "modes": list(item.modes), "within": item.within} for item in table.bounds()
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps({"quantities": quantities, "statements": statements}, indent=2))
        return
    typer.echo("Quantities (python -m theory eval NAME key=value ...)")
    for row in quantities:
        typer.echo(f"  {row['name']:<22}{'[' + row['unit'] + ']':<12}{row['meaning']}; {row['provenance']}")
    typer.echo("Statements (python -m theory show ID)")
    for row in statements:
        contained = f"; contained in {row['within']}" if row["within"] else ""
        typer.echo(f"  {row['id']:<22}{row['kind']:<15}{row['title']}; {row['provenance']}{contained}")


@app.command("show")
def show_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A statement such as S4, a quantity, an assumption, a symbol, or MODULE:NAME."
        ),
    ],
    latex: Annotated[bool, typer.Option("--latex", help="Only the displayed statement, in LaTeX.")] = False,
) -> None:
    """Show a statement with its hypotheses, provenance, source and proof."""
    from theory.language.errors import InputError
    from theory.tables import default_table, with_records
    from theory.text import describe_quantity, describe_statement
    from theory.topics import topics

    table, names = default_table(), [name]
    if ":" in name:
        record = _record(name)
        table = with_records(table, record)
        statement = getattr(record, "STATEMENT", None)
        names = [statement.id] if statement else [item.name for item in record.FORMULAS]
    for item in names:
        if item in table.statements:
            bound = table.bound(item)
            typer.echo(bound.latex if latex else describe_statement(bound))
        elif item in table.formulas:
            quantity = table.quantity(item)
            typer.echo(quantity.latex if latex else describe_quantity(quantity))
        elif item in (found := topics(table)):
            typer.echo(found[item]())
        else:
            known = f"statements {', '.join(table.statements)}; quantities {', '.join(table.formulas)}"
            others = ", ".join(key for key in found if key not in table.symbols)
            raise InputError(f"{name}: unknown statement or quantity; known {known}; {others}, and every key of eval")


def _record(place: str) -> Any:
    """The object MODULE:NAME, an attribute of a module or a module of a package."""
    from importlib import import_module

    from theory.language.errors import InputError

    module, _, name = place.partition(":")
    try:
        found = import_module(module)
        return getattr(found, name) if hasattr(found, name) else import_module(f"{module}.{name}")
    except Exception as error:  # whatever a module of the user's raises while it is imported
        raise InputError(f"{place}: cannot be imported: {type(error).__name__}: {error}") from None


@app.command("eval")
def eval_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A quantity; see list.")],
    pairs: Pairs = None,
    as_json: Json = False,
    claims: Annotated[
        list[str] | None, typer.Option(help="A TOML file of claims whose ids may be named; repeatable.")
    ] = None,
) -> None:
    """Evaluate a quantity: correctly rounded value, enclosure and checked hypotheses."""
    from theory.claims.reading import read_claims, with_claims
    from theory.tables import default_table
    from theory.text import evaluation_json, evaluation_text

    outcome = with_claims(default_table(), read_claims(claims or [])).quantity(name).evaluate(**_inputs(pairs))
    typer.echo(json.dumps(evaluation_json(outcome), indent=2) if as_json else evaluation_text(outcome))
    if not outcome.admissible:
        raise typer.Exit(1)


@app.command("admissible")
def admissible_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A quantity whose hypotheses involve beta, such as T2.")],
    pairs: Pairs = None,
    as_json: Json = False,
) -> None:
    """Find the largest beta (and h) for which the hypotheses hold."""
    from theory.admissibility import admissible
    from theory.text import largest_json, largest_text

    found = admissible(name, **_inputs(pairs))
    typer.echo(json.dumps(largest_json(found), indent=2) if as_json else largest_text(found))


@app.command("latex")
def latex_command() -> None:
    """Write every formula and statement as LaTeX macros."""
    from theory.macros import macros
    from theory.tables import default_table

    typer.echo(macros(default_table()), nl=False)


app.command("formal")(formal_command)


@app.command("plan", hidden=True, context_settings=_ANYTHING)
@app.command("prove", hidden=True, context_settings=_ANYTHING)
def refused_command(context: typer.Context) -> None:
    """Refused: not part of this version."""
    from theory.language.errors import InputError

    raise InputError(f"{context.info_name}: not in this version; available: list, show, eval, admissible, latex")


def _inputs(pairs: list[str] | None) -> dict[str, object]:
    from theory.language.errors import InputError

    inputs: dict[str, object] = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key or not value:
            raise InputError(f"{pair}: expected key=value, such as alpha=1/10")
        if key in inputs:
            raise InputError(f"{key} = {value}: given twice, first as {inputs[key]}")
        inputs[key] = value
    return inputs


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 for a failed hypothesis, 2 for bad input."""
    from theory.language.errors import Inadmissible, InputError, PrecisionError

    try:
        return int(app(args=arguments, prog_name="python -m theory", standalone_mode=False) or 0)
    except _ClickError as failure:
        return _complain(failure.format_message(), 2)  # type: ignore[attr-defined]
    except Inadmissible as failure:
        return _complain(str(failure), 1)
    except (InputError, PrecisionError) as failure:
        return _complain(str(failure), 2)


def _complain(message: str, status: int) -> int:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
