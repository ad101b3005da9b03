"""python -m reports.figures: redraw the figures of a finished report from its rows and curves; nothing is run again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reports.figures.venues import venue_names
from reports.refusal import OneLine, RefusedError, failures, refusals

if TYPE_CHECKING:
    from reports.analyses.suite_file import SuiteFile
    from reports.figures.output import Format
    from reports.figures.style import Page
    from reports.judging.rows import Row

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(cls=OneLine)
def redraw(
    out: Annotated[Path, typer.Option(help="folder of a finished report")] = Path("out"),
    format: Annotated[
        list[str] | None, typer.Option(help="pdf, svg, png, pgf: comma-separated or repeated; default pdf,svg")
    ] = None,
    venue: Annotated[str | None, typer.Option(help=f"widths, type and its sizes of {', '.join(venue_names())}")] = None,
    width: Annotated[
        str | None,
        typer.Option(
            help="column, full, or inches, of every figure; a page of one column has its text width for both; default: "
            "a column for a figure of one panel, else full"
        ),
    ] = None,
    usetex: Annotated[bool, typer.Option("--usetex", help="let LaTeX set all type")] = False,
) -> None:
    r"""Redraw OUT/figures from OUT/verdicts.json, OUT/curves.csv, OUT/suite.json and OUT/studies.

    With PDF or PGF every figure has a float beside it, NAME.tex, for \\input from OUT.

    Exit status 0: drawn, with a line for each figure whose data the report does not hold; 2: bad input, nothing
    written; 3: a failure inside.
    """
    with refusals("reports.figures"), failures("reports.figures"):
        formats = _formats(format)
        page = _wide(_page(venue, usetex), width)
        _check_tex(formats, usetex)
        _drawn(out, _rows(out), _suite(out), formats, page)


def _drawn(out: Path, rows: list[Row], suite: SuiteFile, formats: list[Format], page: Page) -> None:
    from reports.figures import Skipped, read_curves, sorted_figures, write_figures
    from reports.pages.appendix.floats import write_floats
    from reports.staging import interrupted
    from reports.studies.registry import absent_studies, stored_figures

    if stopped := interrupted(out):
        typer.echo(stopped, err=True)
    figures, skipped = sorted_figures(rows, read_curves(out / "curves.csv"), suite)
    figures += stored_figures(out)
    skipped += [Skipped(name, "its study is not in this report", name, "--plan") for name in absent_studies(out)]
    for figure in skipped:
        typer.echo(str(figure), err=True)
    written = write_figures(figures, out / "figures", formats, page)
    written += write_floats(figures, out / "figures", formats, page)
    typer.echo(f"{len(figures)} figures for {page.name}, {len(written)} files in {out / 'figures'}")


def _formats(wanted: list[str] | None) -> list[Format]:
    from reports.figures.output import ALL_FORMATS, FORMATS
    from theory.language.errors import near

    if wanted is None:
        return list(FORMATS)
    names = [name.strip().lower() for entry in wanted for name in entry.split(",") if name.strip()]
    known: dict[str, Format] = {format: format for format in ALL_FORMATS}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        hint = near(unknown[0], ALL_FORMATS) if unknown else ""
        given = ",".join(unknown) or "nothing"
        raise RefusedError(f"--format {given}: expected some of {', '.join(ALL_FORMATS)}{hint}")
    return list(dict.fromkeys(known[name] for name in names))


def _page(venue: str | None, usetex: bool) -> Page:
    from reports.figures.style import HOUSE
    from reports.figures.venues import VenueError, typeset, venue_page

    if venue is None:
        return typeset(HOUSE) if usetex else HOUSE
    try:
        return venue_page(venue, usetex=usetex)
    except VenueError as error:
        raise RefusedError(f"--{error}") from None


def _wide(page: Page, width: str | None) -> Page:
    from dataclasses import replace

    from reports.figures.style import WIDEST

    if width is None:
        return page
    named = {"column": page.column, "full": page.text}
    try:
        inches = named[width] if width in named else float(width)
    except ValueError:
        inches = math.nan
    if not 1 <= inches <= WIDEST:
        raise RefusedError(f"--width {width}: expected column, full, or inches from 1 to {WIDEST:g}")
    return replace(page, width=inches)


def _check_tex(formats: list[Format], usetex: bool) -> None:
    from reports.figures.tex import pgf_problem, usetex_problem

    problem = pgf_problem() if "pgf" in formats else ""
    if problem:
        raise RefusedError(f"--format pgf: {problem}")
    problem = usetex_problem(bitmaps="png" in formats) if usetex else ""
    if problem:
        raise RefusedError(f"--usetex: {problem}")


def _rows(out: Path) -> list[Row]:
    from pydantic import ValidationError

    from reports.judging.rows import VerdictFile

    path = out / "verdicts.json"
    if not path.is_file():
        raise RefusedError(f"--out {out}: holds no verdicts.json; python -m reports.build --out {out} makes one")
    try:
        return VerdictFile.model_validate_json(path.read_bytes()).rows
    except ValidationError as error:
        raise RefusedError(
            f"--out {out}: verdicts.json is not of this version ({error.error_count()} errors)"
        ) from None


def _suite(out: Path) -> SuiteFile:
    from reports.analyses.suite_file import SuiteFile

    try:
        return SuiteFile.read(out / "suite.json")
    except ValueError:
        raise RefusedError(f"--out {out}: suite.json is not of this version; build the report again") from None


if __name__ == "__main__":
    app()
