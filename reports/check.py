"""python -m reports.check: bounds at one setting or over a grid of them, without a plan file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reports.refusal import OneLine, RefusedError, failures, refusals

if TYPE_CHECKING:
    from reports.settings.checked import Checked

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


class _WithKeys(OneLine):
    """The command, whose help ends in the keys of every kind of cell and the modes, read off the plan format."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Keys, kind by kind."""
        from empirics.algorithm.modes import MODES
        from reports.cells.kinds import CELLS

        lines = [(f"[[{kind}]]", ", ".join(cell.model_fields)) for kind, cell in CELLS.items()]
        with formatter.section("Keys"):
            formatter.write_dl([*lines, ("mode", ", ".join(MODES))])


@app.command(cls=_WithKeys)
def check(
    ids: Annotated[str, typer.Argument(metavar="ID[,ID]", help="statements such as T2, claims, or MODULE:NAME")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="task=NAME [task.ARG=VALUE ...] key=value ...",
            help="a task, arguments of it, and the keys of a plan's cell (python -m reports.plan keys); "
            "several values, such as nu=0..5 or alpha=1/4,1/8, make a grid",
        ),
    ] = None,
    claims: Annotated[list[str] | None, typer.Option(help="a TOML file of claims whose ids may be named")] = None,
    task: Annotated[str | None, typer.Option(help="MODULE:NAME of a task of your own, in place of task=NAME")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the rows as verdicts.json has them")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print the table as CSV")] = False,
    plot: Annotated[Path | None, typer.Option(help="draw both sides over the varied key; pdf, svg, png or pgf")] = None,
    out: Annotated[Path | None, typer.Option(help="keep and use the records in this folder")] = None,
    seed: Annotated[int, typer.Option(help="root of the seed tree")] = 0,
) -> None:
    """Check bounds at one setting: predicted, sharpest known, trivial, measured with its limits, verdict, hypotheses.

    Exit status 0: no applicable bound violated; 1: one was; 2: bad input; 3: a failure inside.
    """
    with refusals("reports.check"), failures("reports.check"):
        if as_json and as_csv:
            raise RefusedError("--json --csv: expected one of them")
        if task is not None:
            words = [*(words or []), f"task={task}"]
        if plot is not None:
            _check_file(plot)
        printing = "--json" * as_json + "--csv" * as_csv
        checked = _checked(ids, words or [], claims or [], out, seed, printing)
        if plot is not None:
            _draw(checked, plot)
        lines = _lines(checked, as_json=as_json, as_csv=as_csv)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(checked.exit_status)


def _checked(ids: str, words: list[str], claims: list[str], out: Path | None, seed: int, printing: str) -> Checked:
    from reports.settings.checked import check_setting
    from reports.settings.words import SettingError, paired

    try:
        given = paired(words, printing)
        if taken := given.keys() & {"claims", "out", "seed", "progress", "bounds"}:
            raise SettingError(f"{min(taken)}: not a key; options are written --{min(taken)} VALUE")
        return check_setting(ids, claims=claims, out=out, seed=seed, progress=True, **given)
    except SettingError as error:
        raise RefusedError(str(error)) from None


def _check_file(plot: Path) -> None:
    """Refuse, before any work, a file that could not be drawn into."""
    from reports.figures.output import ALL_FORMATS

    if plot.suffix[1:] not in ALL_FORMATS:
        raise RefusedError(f"--plot {plot}: expected a name that ends in one of .{', .'.join(ALL_FORMATS)}")
    if not plot.absolute().parent.is_dir():
        raise RefusedError(f"--plot {plot}: {plot.absolute().parent} is not a folder")
    if not os.access(plot.absolute().parent, os.W_OK) or plot.is_dir():
        raise RefusedError(f"--plot {plot}: cannot be written there; choose another place")


def _lines(checked: Checked, *, as_json: bool, as_csv: bool) -> list[str]:
    from reports.settings import shown

    if as_csv:
        return [checked.frame().to_csv(index=False).rstrip("\n")]
    return [shown.as_json(checked)] if as_json else list(shown.text(checked))


def _draw(checked: Checked, plot: Path) -> None:
    from reports.figures.output import image
    from reports.settings.drawn import figure
    from reports.settings.words import SettingError

    try:
        plot.write_bytes(image(figure(checked), plot.suffix[1:]))  # type: ignore[arg-type]
    except SettingError as error:
        raise RefusedError(f"--plot {plot}: {error}") from None
    except OSError as error:
        raise RefusedError(f"--plot {plot}: {error.strerror}") from None


if __name__ == "__main__":
    app()
