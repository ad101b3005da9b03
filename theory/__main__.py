"""The command line: python -m theory list | show | eval | table | admissible | sharpen | formal | ..."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from theory.formal.command import formal_command


class Verb(TyperCommand):
    """A verb that prints its help, with every key, where it is given nothing; exit status 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words."""
        if not args and not ctx.resilient_parsing:
            _show_help(ctx)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Keys and modes, for a verb that takes some."""
        if not any(one.name in ("pairs", "words") for one in self.params):
            return
        from theory.language.modes import MODE_NAMES
        from theory.tables import default_table

        with formatter.section("Keys"):
            formatter.write_dl([("numbers", ", ".join(default_table().keys)), ("mode", ", ".join(MODE_NAMES))])


class Verbs(TyperGroup):
    """The verbs; without one their list, exit status 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words."""
        if not args and not ctx.resilient_parsing:
            _show_help(ctx)
        return super().parse_args(ctx, args)


def _show_help(ctx: Any) -> None:
    typer.echo(ctx.get_help())
    raise typer.Exit(2)


app = typer.Typer(
    cls=Verbs,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Constants and convergence bounds of Meta-FedAvg: exact values, hypotheses, proofs.",
)
_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}

Json = Annotated[bool, typer.Option("--json", help="Write JSON; numbers are decimal strings.")]
Pairs = Annotated[list[str] | None, typer.Argument(metavar="[key=value]...", help="Inputs, such as alpha=1/10 nu=2.")]

Claims = Annotated[list[str] | None, typer.Option(help="A TOML file of claims whose ids may be named; repeatable.")]

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


@app.command("show", cls=Verb)
def show_command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A statement such as S4, a quantity, an assumption, a symbol, or MODULE:NAME."
        ),
    ],
    latex: Annotated[bool, typer.Option("--latex", help="Only the displayed statement, in LaTeX.")] = False,
    claims: Claims = None,
) -> None:
    """Show a statement with its hypotheses, provenance, source and proof."""
    from theory.language.errors import InputError, near
    from theory.tables import with_records
    from theory.text import describe_quantity, describe_statement
    from theory.topics import topics

    table, names = _table(claims), [name]
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
            hint = near(name, (*table.statements, *table.formulas, *found))
            known = f"{known}; {others}, and every key of eval"
            raise InputError(f"{name}: unknown statement or quantity{hint}; known {known}")


def _record(place: str) -> Any:
    """The object MODULE:NAME, an attribute of a module or a module of a package."""
    from importlib import import_module

    from theory.language.errors import InputError, near

    module, _, name = place.partition(":")
    hint = ""
    try:
        found = import_module(module)
        hint = near(name, dir(found))
        return getattr(found, name) if hasattr(found, name) else import_module(f"{module}.{name}")
    except Exception as error:  # whatever a module of the user's raises while it is imported
        raise InputError(f"{place}: cannot be imported{hint}: {type(error).__name__}: {error}") from None


@app.command("eval", cls=Verb)
def eval_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A quantity; see list.")],
    pairs: Pairs = None,
    as_json: Json = False,
    claims: Claims = None,
) -> None:
    """Evaluate a quantity: correctly rounded value, enclosure and checked hypotheses."""
    from theory.text import evaluation_json, evaluation_text

    outcome = _table(claims).quantity(name).evaluate(**_inputs(pairs, "--json" * as_json))
    typer.echo(json.dumps(evaluation_json(outcome), indent=2) if as_json else evaluation_text(outcome))
    if not outcome.admissible:
        raise typer.Exit(1)


@app.command("table", cls=Verb)
def table_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A quantity; see list.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[key=values]...", help="Values such as 1/10, 1,2,5 or 0..10; all combinations."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV, the values with 25 digits.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Write a Markdown table.")] = False,
    as_latex: Annotated[bool, typer.Option("--latex", help="Write a LaTeX tabular.")] = False,
    as_json: Json = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the values into this pdf, svg or png file.")] = None,
    claims: Claims = None,
) -> None:
    """Evaluate a quantity over a grid; exit status 1 where no point has a value."""
    from theory import tabulated
    from theory.language.errors import InputError
    from theory.language.grids import product_of

    asked = [option for option, given in {"--csv": as_csv, "--markdown": as_markdown, "--latex": as_latex,
                                          "--json": as_json}.items() if given]  # fmt: skip
    if len(asked) > 1:
        raise InputError(f"{' '.join(asked)}: expected one of them")
    table = _table(claims)
    quantity = table.quantity(name)
    points = list(quantity.at(product_of(_inputs(words, "".join(asked)))))
    if plot is not None:
        tabulated.draw(quantity, points, plot)
    if as_json:
        typer.echo(json.dumps(tabulated.table_json(points), indent=2))
    elif as_csv:
        typer.echo(tabulated.table_csv(quantity, points))
    elif as_markdown:
        typer.echo(tabulated.table_markdown(quantity, points))
    elif as_latex:
        typer.echo(tabulated.table_latex(quantity, points, table.keys))
    else:
        typer.echo(tabulated.table_text(quantity, points))
    if all(point.value is None for point in points):
        raise typer.Exit(1)


@app.command("admissible", cls=Verb)
def admissible_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A quantity whose hypotheses involve beta, such as T2.")],
    pairs: Pairs = None,
    as_json: Json = False,
) -> None:
    """Find the largest beta (and h) for which the hypotheses hold."""
    from theory.admissibility import admissible
    from theory.text import largest_json, largest_text

    found = admissible(name, **_inputs(pairs, "--json" * as_json))
    typer.echo(json.dumps(largest_json(found), indent=2) if as_json else largest_text(found))


@app.command("sharpen", cls=Verb)
def sharpen_command(
    name: Annotated[str, typer.Argument(metavar="STATEMENT", help="T1b, T1d, T2p, T4p or T4p_gap.")],
    pairs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[key=value]...",
            help="With L_F = gamma_F = 1: h, tau; mu_c (else -1), n, m (else all agents); also A of T1d, mu_F of "
            "T4p_gap, K and F0_gap of T2p.",
        ),
    ] = None,
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option(help="Write the certificate to this file.")] = None,
) -> None:
    """Find how far a constant is from the best possible one: a value proved above, one attained, both exact.

    SHARP: they agree to 1e-3; BRACKETED: they do not; UPPER ONLY: no instance is known; NOT CERTIFIED: no proof was
    found (exit 1). Closed forms come first; the solver of the extra `sharp` is asked only where they do not meet.
    """
    from theory.language.errors import InputError
    from theory.sharp.sharpening import NOT_CERTIFIED, sharpen
    from theory.sharp.text import sharpened_json, sharpened_text

    found = sharpen(name, **_inputs(pairs, "--json" * as_json))
    if out is not None:
        try:
            out.write_text(found.certificate + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"--out {out}: cannot be written: {error.strerror}") from None
    typer.echo(json.dumps(sharpened_json(found), indent=2) if as_json else sharpened_text(found))
    if found.word == NOT_CERTIFIED:
        raise typer.Exit(1)


@app.command("check-certificate", cls=Verb)
def check_certificate_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate, written by sharpen --out.")],
    as_json: Json = False,
) -> None:
    """Check a certificate with rational numbers alone, no solver: exit 0 proved, 1 refused, 2 no certificate."""
    from theory.language.errors import Inadmissible, InputError
    from theory.sharp.certificates import Malformed, Refused
    from theory.sharp.checker import check

    try:
        proved = check(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {error}") from None
    except Malformed as error:
        raise InputError(f"{file}: no certificate: {error}") from None
    except Refused as error:
        raise Inadmissible(f"{file}: refused: {error}") from None
    exact = {side: str(value) for side, value in proved.items()}
    typer.echo(
        json.dumps(exact, indent=2) if as_json else "\n".join(f"{side} {value}" for side, value in exact.items())
    )


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

    available = "list, show, eval, table, admissible, latex, sharpen, check-certificate"
    raise InputError(f"{context.info_name}: not in this version; available: {available}")


def _table(claims: list[str] | None) -> Any:
    """The table of the theory and of the claims in these files."""
    from theory.claims.reading import read_claims, with_claims
    from theory.tables import default_table

    return with_claims(default_table(), read_claims(claims or []))


def _inputs(pairs: list[str] | None, printing: str = "") -> dict[str, str]:
    """The words as inputs; printing: the option, if any, that has the output printed in another form."""
    from theory.language.errors import InputError, redirected

    inputs: dict[str, str] = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key or not value:
            raise InputError(f"{pair}: expected key=value, such as alpha=1/10{redirected(pair, printing)}")
        if key in inputs:
            raise InputError(f"{key} = {value}: given twice, first as {inputs[key]}")
        inputs[key] = value
    return inputs


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 1 for what does not hold, 2 for bad input."""
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
