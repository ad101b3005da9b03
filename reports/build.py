"""python -m reports.build: run a plan, check every bound on it, write the report."""

from __future__ import annotations

import secrets
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reports.interrupts import Stopped, at_most, ended_at_once, interruptible, name_of
from reports.plans.names import plan_names
from reports.progress import Stages
from reports.refusal import OneLine, RefusedError, failures, refusals
from reports.staging import interrupted

if TYPE_CHECKING:
    from reports.pipeline import Report
    from reports.records.attempts import Failure
    from reports.request import Request

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_BUILD = ("python", "-m", "reports.build")
_PATIENCE = 3.0  # seconds for a build to end in order once it is asked to


@app.command(cls=OneLine)
def build(
    profile: Annotated[str, typer.Option(help="quick, standard or full")] = "standard",
    plan: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(plan_names())}, or a TOML file; instead of --profile"),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    out: Annotated[Path, typer.Option(help="output folder")] = Path("out"),
    only: Annotated[list[str] | None, typer.Option(help="statement IDs, comma-separated or repeated")] = None,
    seed: Annotated[
        int | None, typer.Option(help="root of the seed tree, by default 0; with --rerun: what chooses the cells")
    ] = None,
    seeds: Annotated[int, typer.Option(help="number of roots; their replicas are pooled")] = 1,
    jobs: Annotated[
        int | None, typer.Option(help="worker processes; default: the processors at hand, 1 on cuda")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit 1 also when a row is INCONCLUSIVE")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="print what would be run, write nothing")] = False,
    claims: Annotated[list[str] | None, typer.Option(help="a TOML file of claims to check; repeatable")] = None,
    task: Annotated[str | None, typer.Option(help="MODULE:NAME of a task of your own to check as well")] = None,
    data: Annotated[
        str | None,
        typer.Option(help="samples of your own for --plan personalisation: .npz (x, y, agent), .csv or IDX images"),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="MODULE:NAME of your own nn.Module for --data, or of what makes one")
    ] = None,
    shard: Annotated[
        str | None, typer.Option(help="I/N: compute the records of one share of the cells, and no report")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="address of a dask scheduler, tcp://HOST:8786, whose workers run the cells"),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="run cells that failed before again")] = False,
    cell_limit: Annotated[
        float | None, typer.Option(help="seconds that a cell may take to run, after which it has failed; default: any")
    ] = None,
    refine: Annotated[
        float | None,
        typer.Option(help="seconds for more replicas where samples leave a row INCONCLUSIVE and more may decide it"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="make the report in --out again from its records, and compare all of it")
    ] = False,
    rerun: Annotated[str | None, typer.Option(help="N or all: --check also runs so many cells again")] = None,
    trust: Annotated[
        list[str] | None, typer.Option(help="a module that --check or --reproduce may import; repeatable")
    ] = None,
    reproduce: Annotated[str | None, typer.Option(help="ROW_ID: run this row of --out again and compare")] = None,
) -> None:
    """Check every bound of the theory on the tasks of a plan and write out/index.html.

    Exit status 0: no applicable bound violated; 1: one was (with --strict also: one was not established);
    2: bad input, nothing written; 3: a cell or a step failed inside, and OUT/failed or OUT/failure.txt says where; 130
    and 143: stopped by Ctrl-C or SIGTERM, and the same command goes on. --check and --reproduce: 0 when nothing
    differs, 1 when something does or could not be computed again.
    """
    stages = Stages()
    with refusals("reports.build"), _ended_in_order(stages), interruptible():
        if jobs is not None and jobs < 1:
            raise RefusedError(f"--jobs {jobs}: expected at least one worker process")
        if check or reproduce:
            plan_options = {
                "--shard": shard, "--scheduler": scheduler, "--retry-failed": retry_failed, "--cell-limit": cell_limit,
                "--refine": refine,
            }  # fmt: skip
            for option, value in plan_options.items():
                if value is not None and value is not False:
                    raise RefusedError(f"{option}: expected without --check and --reproduce, which run no plan")
            with failures("reports.build"):
                raise typer.Exit(_recheck(out, reproduce, _listed(trust), _count(rerun, reproduce), seed, jobs))
        if rerun or trust:
            raise RefusedError(f"{'--rerun' if rerun else '--trust'}: expected beside --check or --reproduce")
        from reports.request import Words, checked

        words = Words(
            profile, plan, device, out, _listed(only), seed or 0, seeds, jobs, claims or [], task, data, model,
            dry_run, shard, scheduler, retry_failed, cell_limit, refine,
        )  # fmt: skip
        with failures("reports.build"):
            if dry_run:
                from reports.rehearsal import rehearsal
                from reports.user_objects import importing_only

                with importing_only(_listed([(one or "").partition(":")[0] for one in (task, model)])):
                    for line in rehearsal(checked(words)):
                        typer.echo(line)
                return
            request = checked(words)
        if stopped := interrupted(out):
            typer.echo(stopped.rpartition(";")[0], err=True)
        # this process runs the cells itself only where there are no others, and forks none then
        alone = at_most(_PATIENCE, lambda number: _last_words(number, stages)) if request.alone else nullcontext()
        with failures("reports.build", out), alone:
            raise typer.Exit(_shard(request, stages) if request.shard else _whole(request, stages, strict=strict))


@contextmanager
def _ended_in_order(stages: Stages) -> Iterator[None]:
    """Within it Ctrl-C and SIGTERM end the command with one line: what is done, and how to go on."""
    try:
        yield
    except Stopped as stopped:
        typer.echo(_last_words(stopped.number, stages), err=True)
        raise typer.Exit(stopped.exit_status) from None


def _last_words(number: int, stages: Stages) -> str:
    kept = f"{stages.recorded} of {stages.cells} cells are done and kept" if stages.cells else "nothing was begun"
    again = shlex.join([*_BUILD, *sys.argv[1:]])
    return f"reports.build: stopped by {name_of(number)}; {kept}; to go on: {again}"


def _whole(request: Request, stages: Stages, *, strict: bool) -> int:
    """Build the report, and say what it found."""
    from reports.pipeline import build as run

    report = run(request, stages=stages)
    for line in _summary(report, request):
        typer.echo(line)
    return report.exit_status(strict=strict)


def _shard(request: Request, stages: Stages) -> int:
    """Compute a shard's records; 3 when one of its cells failed."""
    from reports.pipeline import build_shard

    found = build_shard(request, stages)
    assert request.shard is not None
    done = f"{len(found.outcomes)} of {len(found.cells)} cells have their records, {found.run} were run now"
    typer.echo(f"shard {request.shard[0]}/{request.shard[1]}: {done}; no report is written: build without --shard")
    for line in _failed(found.failures, request):
        typer.echo(line)
    return 3 if found.failures else 0


def _failed(failed: Sequence[Failure], request: Request) -> Iterator[str]:
    """A line a cell that failed, and the command that runs them again."""
    for one in failed:
        yield f"failed: {one.cell}: {one.reason}{f' (on {one.host})' if one.host else ''}"
    if failed:
        words = [word for word in request.command if word != "--retry-failed"]
        where = f"{request.out / 'failed'} has more"
        yield f"{len(failed)} cells failed; {where}; to run them again: {shlex.join([*words, '--retry-failed'])}"


def _listed(given: list[str] | None) -> list[str]:
    """Words that are comma-separated, repeated, or both."""
    return [one.strip() for entry in given or [] for one in entry.split(",") if one.strip()]


def _count(rerun: str | None, reproduce: str | None) -> int | None:
    """How many cells are run again, None for all. Raises RefusedError for what is no number."""
    if rerun is not None and reproduce:
        raise RefusedError("--rerun: expected beside --check; --reproduce runs the one cell of its row")
    if rerun is None or rerun == "all":
        return 0 if rerun is None else None
    if not rerun.isdecimal() or not int(rerun):
        raise RefusedError(f"--rerun {rerun}: expected how many cells to run again, or all")
    return int(rerun)


def _recheck(
    out: Path, row_id: str | None, trust: list[str], rerun: int | None, seed: int | None, jobs: int | None
) -> int:
    """--check, or --reproduce when a row is named: 0 when nothing differs, 1 with one line for each difference."""
    from reports import recheck
    from reports.tasks.conformance import ConformanceError
    from reports.tasks.factories import TaskError
    from reports.user_objects import UserObjectError

    try:
        if row_id is None:
            # a choice that a forger could foresee would choose nothing
            seed = secrets.randbelow(10**9) if seed is None else seed
            found = recheck.check(out, trust=trust, rerun=rerun, seed=seed, jobs=jobs)
            differences, same = found.differences, f"{out}: nothing differs"
            for line in (*found.notes, *(f"taken on trust: {one}" for one in found.trusted)):
                typer.echo(line)
        else:
            if stopped := interrupted(out):
                typer.echo(stopped, err=True)
            row, differences = recheck.reproduce(out, row_id, trust=trust)
            same = f"{row_id}: the same row, bit for bit"
            typer.echo(row.model_dump_json(indent=1))
    except (recheck.RecheckError, UserObjectError, ConformanceError, TaskError) as error:
        raise RefusedError(str(error)) from None
    for difference in differences:
        typer.echo(difference, err=True)
    if not differences:
        typer.echo(same, err=row_id is not None)
    return int(bool(differences))


def _summary(report: Report, request: Request) -> Iterator[str]:
    """What the studies found, a line a claim; then the verdicts, what is open and why, the page, and one row again."""
    from reports.analyses.claims import describe
    from reports.pages.html.findings import ATTENTION, told
    from reports.statements import measured

    for study in report.studies:
        yield f"{study.name}: {study.headline}"
        yield from (f"{study.name}: {broken}" for broken in study.broken)
    yield from _failed(report.failed, request)
    yield from describe(request.claims, report.rows)
    seen = {row.bound for row in report.rows}
    for name in request.plan.own_statements:
        if measured(name).id not in seen:
            yield f"{name}: gave no row; its bound was not looked at"
    yield from told(report.rows)
    yield f"page: {report.out / 'index.html'}"
    if report.rows:
        example = min(report.rows, key=lambda row: ATTENTION.index(row.verdict))
        again = shlex.join([*_BUILD, "--out", str(report.out), "--reproduce", example.row_id])
        yield f"one row again: {again}"


if __name__ == "__main__":
    ended_at_once(app)
