"""python -m reports.plan: check a plan, and what a plan can say."""

from __future__ import annotations

from typing import Annotated

import typer

from reports.refusal import OneLine, OneLineGroup, RefusedError, failures, refusals

app = typer.Typer(
    cls=OneLineGroup, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Plans: what a report runs. `keys` explains the format, `tasks` lists what is packaged, `check` reads a file.",
)  # fmt: skip


@app.command(cls=OneLine)
def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="a TOML file, or the name of a packaged plan")],
    trust: Annotated[
        list[str] | None, typer.Option(help="a module of your own that the plan names and may be imported; repeatable")
    ] = None,
) -> None:
    """Read a plan and make its tasks, without running anything: exit status 0 where it is sound, 2 where it is not."""
    with refusals("reports.plan"), failures("reports.plan"):
        from reports.plans.checking import check_tasks
        from reports.plans.entries import PlanError
        from reports.plans.plan import load_plan
        from reports.user_objects import importing_only, trusted

        with importing_only(trust or []):
            try:
                found = load_plan(file)
                check_tasks(found)
            except PlanError as error:
                raise RefusedError(str(error)) from None
            passed = [name for name in found.outside if not trusted(name)]
        typer.echo(f"{file}: {len(found.cells)} cells on {len(found.tasks)} tasks, {len(found.studies)} studies")
        for name in passed:
            typer.echo(f"{name}: not looked at; --trust {name.partition(':')[0]} allows it")


@app.command(cls=OneLine)
def keys() -> None:
    """Print every key of the format with its meaning, unit, default and an example."""
    with refusals("reports.plan"), failures("reports.plan"):
        from reports.plans.explained import lines

        text = "\n".join(lines())
    typer.echo(text)


@app.command(cls=OneLine)
def tasks() -> None:
    """Print the packaged tasks, which reports.check takes by name, and the factories that a plan may name."""
    with refusals("reports.plan"), failures("reports.plan"):
        from reports.plans.explained import toml
        from reports.plans.packaged_tasks import packaged_tasks
        from reports.tasks.packaged import FACTORIES

        packaged = [f"  {name:<24}{task.factory} {toml(task.arguments)}" for name, task in packaged_tasks().items()]
        factories = [f"  {name}" for name in FACTORIES]
    typer.echo("\n".join(["Tasks of the packaged plans (task=NAME of reports.check)", *packaged]))
    typer.echo(
        "\n".join(["Factories (factory of [[tasks]]; also task=NAME task.ARG=VALUE of reports.check)", *factories])
    )


if __name__ == "__main__":
    app()
