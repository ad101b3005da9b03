"""python -m reports.store: the records of a report listed, shown, verified, merged, exported, and pruned."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from reports.records.store import DamagedRecordError, Store
from reports.refusal import OneLine, OneLineGroup, RefusedError, failures, refusals
from reports.staging import interrupted
from reports.upkeep.exporting import export as exported
from reports.upkeep.merging import Merged, source_of
from reports.upkeep.merging import merge as merged
from reports.upkeep.pruning import unused
from reports.upkeep.selection import Entry, Selection, entries
from reports.upkeep.verified import verified

_NAME = "reports.store"
app = typer.Typer(
    cls=OneLineGroup, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True
)

Out = Annotated[Path, typer.Option(help="folder of the report; its records are in OUT/records")]
Statements = Annotated[
    list[str] | None, typer.Option("--statement", help="records that measure this one; comma-separated or repeated")
]
Tasks = Annotated[list[str] | None, typer.Option("--task", help="records on the task of this name; repeatable")]
Kinds = Annotated[list[str] | None, typer.Option("--kind", help="points, noise, runs or a study's; likewise")]
OlderThan = Annotated[float, typer.Option(help="records written more than so many days ago")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.callback()
def store() -> None:
    """What is stored of the cells of a report, by key.

    Exit status 0; 1 when something is damaged or in conflict; 2 for bad input; 3 for a failure inside.
    """


@app.command(cls=OneLine)
def ls(
    out: Out = Path("out"), statement: Statements = None, task: Tasks = None, kind: Kinds = None,
    older_than: OlderThan = 0.0, as_json: Json = False,
) -> None:  # fmt: skip
    """List records by key, kind, task and statements, off the first bytes of each; verify reads all of them."""
    with refusals(_NAME), failures(_NAME):
        found = entries(_store(out), _selection(statement, task, kind, older_than))
        _say([entry._asdict() for entry in found] if as_json else None, map(_line, found))


@app.command(cls=OneLine)
def show(key: Annotated[str, typer.Argument(help="a key or its beginning")], out: Out = Path("out"),
         as_json: Json = False) -> None:  # fmt: skip
    """Print one record's cell, facts and the shapes of its arrays, as JSON; with --json on one line."""
    with refusals(_NAME), failures(_NAME):
        store = _store(out)
        keys = [one for one in store.all_keys() if one.startswith(key)]
        if len(keys) != 1:
            raise RefusedError(f"show {key}: {len(keys)} records begin so; expected one")
        try:
            record = store.read(keys[0])
        except DamagedRecordError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        shapes = {name: list(value.shape) for name, value in record.arrays.items()}
        said = {"key": record.key, "cell": record.cell, "facts": record.facts, "arrays": shapes}
        typer.echo(json.dumps(said, indent=None if as_json else 1))


@app.command(cls=OneLine)
def verify(
    out: Out = Path("out"), statement: Statements = None, task: Tasks = None, kind: Kinds = None,
    older_than: OlderThan = 0.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Read every byte of every record; a line for each that is damaged, which the next build computes again."""
    with refusals(_NAME), failures(_NAME):
        store, selection = _store(out), _selection(statement, task, kind, older_than)
        count, damaged = 0, []
        for _, record in verified(store, _each(store, selection, "verifying")):
            count += 1
            if isinstance(record, DamagedRecordError):
                damaged.append({"key": record.key, "why": record.why})
                typer.echo(str(record), err=True)
        said = {"records": count, "damaged": damaged}
        _say(said if as_json else None, [f"{count} records, {len(damaged)} damaged"])
    raise typer.Exit(int(bool(damaged)))


@app.command(cls=OneLine)
def prune(
    out: Out = Path("out"), statement: Statements = None, task: Tasks = None, kind: Kinds = None,
    older_than: OlderThan = 1.0, as_json: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be deleted, and delete nothing")] = False,
) -> None:  # fmt: skip
    """Delete records that neither the report in OUT nor a living build names, never any younger than a day.

    Without a choice by name also what was set aside, what was never finished, and what is of an older version.
    """
    with refusals(_NAME), failures(_NAME):
        store = _store(out)
        paths = unused(store, out, _selection(statement, task, kind, older_than))
        for path in paths if not dry_run else ():
            path.unlink(missing_ok=True)
        names = [path.as_posix() for path in paths]
        said = {"dry_run": dry_run, "files": names}
        lines = [*names, f"{len(names)} files would be deleted"] if dry_run else [f"{len(names)} files deleted"]
        _say(said if as_json else None, lines)


@app.command(cls=OneLine)
def merge(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="folders of reports, or of records")],
    out: Out = Path("out"), statement: Statements = None, task: Tasks = None, kind: Kinds = None,
    older_than: OlderThan = 0.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Copy records of other folders into OUT/records, each verified; of two that differ the one in OUT is kept."""
    with refusals(_NAME), failures(_NAME):
        selection, ours = _selection(statement, task, kind, older_than), Store(out / "records")
        sources: list[Store] = []
        for folder in folders:
            if (source := source_of(folder)) is None:
                raise RefusedError(f"{folder}: no records there")
            if source.folder.resolve() == ours.folder.resolve():
                raise RefusedError(f"{folder}: is the folder that is merged into")
            sources.append(source)
        _writable(ours.folder)
        done = [merged(one, ours, _each(one, selection, f"merging {one.folder}")) for one in sources]
        for one in done:
            for line in (*one.conflicts, *one.damaged):
                typer.echo(f"{one.source}: {line}", err=True)
        _say([asdict(one) for one in done] if as_json else None, map(_counts, done))
    raise typer.Exit(int(not all(one.whole for one in done)))


@app.command(cls=OneLine)
def export(
    file: Annotated[Path, typer.Argument(help="the zip archive to write")],
    out: Out = Path("out"), statement: Statements = None, task: Tasks = None, kind: Kinds = None,
    older_than: OlderThan = 0.0, as_json: Json = False,
) -> None:  # fmt: skip
    """Write records and an index of their cells and facts to one archive, the same bytes for the same records.

    Unpacked it can be merged; numpy.load opens every record.
    """
    with refusals(_NAME), failures(_NAME):
        store, selection = _store(out), _selection(statement, task, kind, older_than)
        if file.exists() or not file.parent.is_dir():
            raise RefusedError(f"{file}: " + ("is there already" if file.exists() else "its folder is not there"))
        count, damaged = exported(store, file, _each(store, selection, "exporting"))
        for line in damaged:
            typer.echo(line, err=True)
        said = {"file": file.as_posix(), "records": count, "damaged": damaged}
        _say(said if as_json else None, [f"{file}: {count} records"])
    raise typer.Exit(int(bool(damaged)))


def _store(out: Path) -> Store:
    """The store of a report's folder; what a reader should know of it goes to the error stream."""
    found = Store(out / "records")
    if not found.folder.is_dir():
        raise RefusedError(f"--out {out}: no records there")
    for note in filter(None, (interrupted(out), found.older())):
        typer.echo(f"{_NAME}: {note}", err=True)
    return found


def _writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"{folder}: cannot be written: {error.strerror}") from None


def _selection(
    statements: list[str] | None, tasks: list[str] | None, kinds: list[str] | None, older_than: float
) -> Selection:
    """What the options ask for; tasks of studies have commas in their names."""
    if not older_than >= 0:
        raise RefusedError(f"--older-than {older_than:g}: expected a number of days")
    return Selection(_words(statements), tuple(tasks or ()), _words(kinds), older_than)


def _words(given: list[str] | None) -> tuple[str, ...]:
    return tuple(one.strip() for entry in given or () for one in entry.split(",") if one.strip())


def _each(store: Store, selection: Selection, what: str) -> Iterator[str]:
    """The selected keys, with a bar where somebody looks on."""
    console = Console(stderr=True)
    everything = selection == Selection()  # which needs no look into the files
    keys = [*store.all_keys()] if everything else [entry.key for entry in entries(store, selection)]
    yield from track(keys, what, console=console, disable=not console.is_terminal, transient=True)


def _say(value: object, lines: Iterable[str]) -> None:
    """A value as JSON, or lines where there is none."""
    try:
        for line in lines if value is None else [json.dumps(value, indent=1)]:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _counts(one: Merged) -> str:
    counts = f"{one.copied} copied, {one.same} here already"
    return f"{one.source}: {counts}, {len(one.conflicts)} in conflict, {len(one.damaged)} damaged"


def _line(entry: Entry) -> str:
    if entry.damage:
        return f"{entry.key[:12]}  damaged: {entry.damage}"
    return f"{entry.key[:12]}  {entry.kind:6}  {entry.task:20}  {','.join(entry.statements)}"


if __name__ == "__main__":
    app()
