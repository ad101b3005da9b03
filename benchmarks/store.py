"""python -m benchmarks.store: what many records cost a writer, a build that starts, a listing and a verification."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.machine import seconds
from benchmarks.options import RefusedError
from reports.plans.plan import load_plan
from reports.records.record import packed, record_key
from reports.records.seeded_cell import seeded_cells
from reports.records.store import Store

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_WRITTEN = 300  # records that are written as a build writes them, synced to the disk
_ARRAYS = {"points": np.linspace(0.0, 1.0, 512).reshape(64, 8)}


@dataclass(frozen=True)
class Cost:
    """One figure of a store; of a command also the processor's seconds, which a busy machine does not stretch."""

    what: str
    seconds: float
    target: float | None = None
    processor: float | None = None

    @property
    def line(self) -> str:
        """The figure in words."""
        beside = "" if self.processor is None else f"   processor {self.processor:.2f} s"
        beside += "" if self.target is None else f"   target <= {self.target:g} s"
        return f"  {self.what:58}{self.seconds:10.4f} s{beside}"


@app.command()
def run(
    records: Annotated[int, typer.Option(help="how many records there are")] = 100_000,
    folder: Annotated[list[Path] | None, typer.Option(help="where to make a store; repeatable")] = None,
    repeat: Annotated[int, typer.Option(help="turns of a listing; the median is shown")] = 3,
) -> None:
    """Fill a store in a temporary folder with records of the quick plan's cells under other seeds, and measure it.

    Exit status 0: every target is met; 1: one is not; 2: bad input.
    """
    places = folder or [Path(tempfile.gettempdir())]
    try:
        for option, value in (("--records", records), ("--repeat", repeat)):
            if value < 1:
                raise RefusedError(f"{option} {value}: expected at least 1")
        if absent := [place for place in places if not place.is_dir()]:
            raise RefusedError(f"--folder {absent[0]}: is not a folder")
    except RefusedError as refusal:
        typer.echo(f"benchmarks.store: {refusal}", err=True)
        raise typer.Exit(2) from None
    met = True
    for place in places:
        with tempfile.TemporaryDirectory(dir=place) as out:
            typer.echo(f"{place}: {records} records")
            for cost in costs(Path(out), records, repeat):
                typer.echo(cost.line)
                met &= cost.target is None or cost.seconds <= cost.target
    raise typer.Exit(int(not met))


def costs(out: Path, records: int, repeat: int) -> Iterator[Cost]:
    """Write, then fill up without waiting for the disk, then ask what commands ask."""
    store, cells = Store(out / "records"), _cells(records)
    first = cells[:_WRITTEN]
    yield Cost("a record written, file and folder synced", seconds(lambda: _write(store, first)) / len(first))
    for cell in cells[_WRITTEN:]:
        path = store.path(record_key(cell))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(packed(cell, {}, _ARRAYS))
    keys = [record_key(cell) for cell in cells]
    yield Cost(f"a build that starts: which of {records} cells are there", seconds(lambda: _starts(store, keys)), 5.0)
    yield Cost("the same, one by one", seconds(lambda: [key in store for key in keys]))
    yield Cost("a record read and verified", seconds(lambda: [store.read(key) for key in keys[:2000]]) / 2000)
    yield _command(repeat, out, "ls", target=2.0)
    yield _command(repeat, out, "ls", "--statement", "S4", target=2.0)
    yield _command(repeat, out, "ls", "--json", target=None)
    yield _command(1, out, "verify", target=None)


def _cells(count: int) -> list[dict[str, Any]]:
    """Descriptions of the quick plan's cells, each again under other seeds until there are enough."""
    plan = [one.description() for one in seeded_cells(load_plan("quick"), seed=0, seeds=1, device="cpu")]
    return [{**plan[place % len(plan)], "seed": place // len(plan)} for place in range(count)]


def _write(store: Store, cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        store.write(cell, {}, _ARRAYS)


def _starts(store: Store, keys: list[str]) -> None:
    store.older()
    assert len(store.present(keys)) == len(keys)


def _command(repeat: int, out: Path, *words: str, target: float | None) -> Cost:
    """The median of the whole command, the start of the interpreter among it."""
    command = [sys.executable, "-m", "reports.store", *words, "--out", str(out)]
    taken: list[tuple[float, float]] = []
    for _ in range(repeat):
        before = os.times()
        wall = seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        taken.append((wall, spent))
    wall, spent = sorted(taken)[repeat // 2]
    return Cost(f"python -m reports.store {' '.join(words)}", wall, target, spent)


if __name__ == "__main__":
    app()
