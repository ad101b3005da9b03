"""python -m reports.build: run a plan, check every bound on it, write the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reports.refusal import RefusedError, failures, refusals

if TYPE_CHECKING:
    from reports.pipeline import Report
    from reports.plans.plan import Plan
    from reports.request import Request

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_LATER = "is not in this version of meta-fedavg-bounds; leave the option out"


@app.command()
def build(
    profile: Annotated[str, typer.Option(help="quick, standard or full")] = "standard",
    plan: Annotated[
        str | None, typer.Option(help="a packaged plan by name, or a TOML file; instead of --profile")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    out: Annotated[Path, typer.Option(help="output folder")] = Path("out"),
    only: Annotated[list[str] | None, typer.Option(help="statement IDs, comma-separated or repeated")] = None,
    seed: Annotated[int, typer.Option(help="root of the seed tree")] = 0,
    seeds: Annotated[int, typer.Option(help="number of roots; their replicas are pooled")] = 1,
    jobs: Annotated[
        int | None, typer.Option(help="worker processes; default: the processors at hand, 1 on cuda")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit 1 also when a row is INCONCLUSIVE")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be run, write nothing")] = False,
    claims: Annotated[list[str] | None, typer.Option(help="a TOML file of claims to check; repeatable")] = None,
    task: Annotated[str | None, typer.Option(help="MODULE:NAME of a task of your own to check as well")] = None,
    shard: Annotated[str | None, typer.Option(hidden=True)] = None,
    scheduler: Annotated[str | None, typer.Option(hidden=True)] = None,
    check: Annotated[bool, typer.Option("--check", help="recompute the verdicts in --out from its records")] = False,
    reproduce: Annotated[str | None, typer.Option(help="ROW_ID: run this row of --out again and compare")] = None,
) -> None:
    """Check every bound of the theory on the tasks of a plan and write out/index.html.

    Exit status 0: no applicable bound violated; 1: one was (with --strict also: one was not established);
    2: bad input, nothing written; 3: a step failed inside, and OUT/failure.txt says where. --check and --reproduce: 0
    when nothing differs, 1 when something does.
    """
    with refusals("reports.build"):
        for option, value in {"--shard": shard, "--scheduler": scheduler}.items():
            if value:
                raise RefusedError(f"{option} {_LATER}")
        if check or reproduce:
            with failures("reports.build"):
                raise typer.Exit(_recheck(out, reproduce))
        from reports.request import Words, checked

        ids = [one.strip() for entry in only or [] for one in entry.split(",") if one.strip()]
        with failures("reports.build"):
            request = checked(Words(profile, plan, device, out, ids, seed, seeds, jobs, claims or [], task, dry_run))
            if dry_run:
                _show(request.plan)
                return
    with failures("reports.build", out):
        from reports.pipeline import build as run

        report = run(request)
        for line in _summary(report, request):
            typer.echo(line)
    raise typer.Exit(report.exit_status(strict=strict))


def _recheck(out: Path, row_id: str | None) -> int:
    """--check, or --reproduce when a row is named: 0 when nothing differs, 1 with one line for each difference."""
    from reports import recheck
    from reports.tasks.conformance import ConformanceError
    from reports.tasks.factories import TaskError
    from reports.user_objects import UserObjectError

    try:
        if row_id is None:
            differences, same = recheck.check(out), f"{out}: nothing differs"
        else:
            row, differences = recheck.reproduce(out, row_id)
            same = f"{row_id}: the same row, bit for bit"
            typer.echo(row.model_dump_json(indent=1))
    except (recheck.RecheckError, UserObjectError, ConformanceError, TaskError) as error:
        raise RefusedError(str(error)) from None
    for difference in differences:
        typer.echo(difference, err=True)
    if not differences:
        typer.echo(same, err=row_id is not None)
    return int(bool(differences))


def _show(plan: Plan) -> None:
    """What would be run, one line a cell and study."""
    count = len(plan.cells)
    typer.echo(f"{plan.title}: {count} cells on {len(plan.tasks)} tasks, {len(plan.studies)} studies")
    for cell in (*plan.cells, *plan.studies):
        typer.echo(cell.model_dump_json(exclude_none=True))


def _summary(report: Report, request: Request) -> Iterator[str]:
    """The verdicts in one line, what the studies found, and one line a claim."""
    from reports.analyses.claims import describe
    from reports.statements import measured

    counts = Counter(str(row.verdict) for row in report.rows)
    parts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    yield f"{len(report.rows)} rows: {parts}; open {report.out / 'index.html'}"
    for study in report.studies:
        yield f"{study.name}: {study.headline}"
        yield from (f"{study.name}: {broken}" for broken in study.broken)
    yield from describe(request.claims, report.rows)
    seen = {row.bound for row in report.rows}
    for name in request.plan.own_statements:
        if measured(name).id not in seen:
            yield f"{name}: gave no row; its bound was not looked at"


if __name__ == "__main__":
    app()
