"""python -m reports.build: run a plan, check every bound on it, write the report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reports.pipeline import Report
    from reports.plans.plan import Plan
    from theory.claims.reading import Claim

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_LATER = "is not in this version of meta-fedavg-bounds; leave the option out"


class RefusedError(Exception):
    """Bad input: one line for the user; nothing has been written."""


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
    2: bad input, nothing written. --check and --reproduce: 0 when nothing differs, 1 when something does.
    """
    later = {
        "--shard": shard,
        "--scheduler": scheduler,
    }
    try:
        for option, value in later.items():
            if value:
                raise RefusedError(f"{option} {_LATER}")
        if check or reproduce:
            raise typer.Exit(_recheck(out, reproduce))
        status = _run(profile, plan, device, out, _ids(only), seed, seeds, jobs, strict, dry_run, claims or [], task)
    except RefusedError as refusal:
        typer.echo(f"reports.build: {refusal}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(status)


def _recheck(out: Path, row_id: str | None) -> int:
    """--check, or --reproduce when a row is named: 0 when nothing differs, 1 with one line for each difference."""
    from reports import recheck

    try:
        if row_id is None:
            differences = recheck.check(out)
        else:
            row, differences = recheck.reproduce(out, row_id)
            typer.echo(row.model_dump_json(indent=1))
    except recheck.RecheckError as error:
        raise RefusedError(str(error)) from None
    for difference in differences:
        typer.echo(difference, err=True)
    if not differences:
        typer.echo(
            f"{out}: nothing differs" if row_id is None else f"{row_id}: the same row, bit for bit",
            err=row_id is not None,
        )
    return int(bool(differences))


def _run(
    profile: str, plan: str | None, device: str, out: Path, only: list[str], seed: int, seeds: int, jobs: int | None,
    strict: bool, dry_run: bool, claims: list[str], task: str | None = None,
) -> int:  # fmt: skip
    from reports.plans.plan import PROFILES, PlanError, plan_names

    if plan is None and profile not in PROFILES:
        raise RefusedError(f"--profile {profile}: expected one of {', '.join(PROFILES)}")
    if seeds < 1 or seed < 0:
        raise RefusedError(f"--seed {seed} --seeds {seeds}: expected a root >= 0 and at least one root")
    if out.exists() and not out.is_dir():
        raise RefusedError(f"--out {out}: exists and is not a folder; choose another")
    name = plan or profile
    stated = _claims(claims)
    chosen = _plan(name, only, stated)
    if task is not None:
        chosen = _with_task(chosen, task, only)
    if name not in plan_names():  # the packaged plans are known to be sound
        from reports.plans.checking import check_tasks

        try:
            check_tasks(chosen)
        except PlanError as error:
            raise RefusedError(f"plan {name}: {error}") from None
    if dry_run:
        cells = [*chosen.points, *chosen.noise, *chosen.runs, *chosen.studies]
        count = len(cells) - len(chosen.studies)
        typer.echo(f"{chosen.title}: {count} cells on {len(chosen.tasks)} tasks, {len(chosen.studies)} studies")
        for cell in cells:
            typer.echo(cell.model_dump_json(exclude_none=True))
        return 0
    from reports.pipeline import Request
    from reports.pipeline import build as build_report

    where = _device(device)
    workers = _jobs(jobs, where)
    report = build_report(
        Request(
            chosen,
            name,
            out,
            where,
            seed,
            seeds,
            workers,
            stated,
            tuple(only),
            command=["python", "-m", "reports.build", *sys.argv[1:]],
        )
    )
    _summary(report)
    for study in report.studies:
        typer.echo(f"{study.name}: {study.headline}")
        for broken in study.broken:
            typer.echo(f"{study.name}: {broken}")
    _about_claims(report, stated)
    return report.exit_status(strict=strict)


def _claims(files: list[str]) -> tuple[Claim, ...]:
    from theory.claims.reading import ClaimError, read_claims

    try:
        return read_claims(files)
    except ClaimError as error:
        raise RefusedError(str(error)) from None


def _plan(name: str, only: list[str], claims: tuple[Claim, ...] = ()) -> Plan:
    import theory
    from reports.plans.plan import PlanError, load_plan

    known = {bound.id for bound in theory.bounds()} | {"T1"} | {claim.id for claim in claims}
    unknown = [one for one in only if one not in known]
    if unknown:
        raise RefusedError(
            f"--only {','.join(unknown)}: unknown; expected statement IDs among {', '.join(sorted(known))}"
        )
    try:
        chosen = load_plan(name)
    except PlanError as error:
        raise RefusedError(str(error)) from None
    if only:
        from reports.analyses.claims import measured_statements

        chosen = chosen.only(set(only).union(*(measured_statements(one) for one in claims if one.id in only)))
        if not chosen.tasks:
            raise RefusedError(f"--only {','.join(only)}: nothing in plan {name} measures it")
    return chosen


def _with_task(plan: Plan, name: str, only: list[str]) -> Plan:
    from reports.plans.own_task import with_own_task
    from reports.tasks.conformance import ConformanceError, load_task, require_conformance

    try:
        task = load_task(name)
        require_conformance(name, task)
    except (ConformanceError, ValueError) as error:
        raise RefusedError(f"--task {error}") from None
    widened = with_own_task(plan, name, task)
    return widened.only(set(only)) if only else widened


def _ids(only: list[str] | None) -> list[str]:
    return [one.strip() for entry in only or [] for one in entry.split(",") if one.strip()]


def _device(name: str) -> str:
    import empirics

    try:
        return str(empirics.device(name))
    except ValueError as error:
        raise RefusedError(f"--device {name}: {error}") from None


def _jobs(jobs: int | None, device: str) -> int:
    import os

    if jobs is not None and jobs < 1:
        raise RefusedError(f"--jobs {jobs}: expected at least one worker process")
    if device.startswith("cuda"):
        return 1
    return jobs or min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _summary(report) -> None:  # noqa: ANN001
    from collections import Counter

    counts = Counter(str(row.verdict) for row in report.rows)
    parts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    typer.echo(f"{len(report.rows)} rows: {parts}; open {report.out / 'index.html'}")


def _about_claims(report: Report, claims: tuple[Claim, ...]) -> None:
    """One line a claim: its verdicts, or why it has none."""
    from reports.analyses.claims import describe

    for line in describe(claims, report.rows):
        typer.echo(line)


if __name__ == "__main__":
    app()
