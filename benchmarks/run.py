"""python -m benchmarks.run: time ours and its peers on the four workloads, after showing that they agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.machine import processors
from benchmarks.options import RefusedError, chosen
from benchmarks.options import device as found
from benchmarks.peers import OURS, PEERS, Peer, Setting
from benchmarks.workloads import WORKLOADS, Workload
from reports.pages.speed_records import Benchmarks

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_WIDTH = 160  # of what is written to a file or a pipe


@dataclass(frozen=True)
class Request:
    """What the command line asked for, checked; ours comes first among the peers."""

    workloads: tuple[Workload, ...]
    peers: tuple[Peer, ...]
    setting: Setting
    repeat: int
    scale: int
    out: Path

    def serving(self, workload: Workload) -> list[Peer]:
        """The peers that have this workload."""
        return [peer for peer in self.peers if peer.serves(workload)]


Part = Callable[[Request], Iterator[Benchmarks]]


@app.command()
def run(
    workload: Annotated[list[str] | None, typer.Option(help="W1 to W4, comma-separated or repeated")] = None,
    peer: Annotated[list[str] | None, typer.Option(help="implementations to compare with, likewise")] = None,
    repeat: Annotated[int, typer.Option(help="turns; medians and ranges are over them")] = 7,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    threads: Annotated[int | None, typer.Option(help="threads of everyone; default: the processors at hand")] = None,
    scale: Annotated[int, typer.Option(help="this many times as many participants")] = 1,
    memory: Annotated[bool, typer.Option("--memory", help="measure growth of memory instead")] = False,
    contention: Annotated[
        bool, typer.Option("--contention", help="measure beside busy processes instead: ours, and every --peer")
    ] = False,
    out: Annotated[Path, typer.Option(help="output folder")] = Path("out"),
) -> None:
    """Print the tables and keep them in OUT/benchmarks.json, which python -m reports.build shows on its page.

    Exit status 0: measured; 1: an implementation computes other iterates than ours, or failed; 2: bad input.
    """
    if contention and not peer:
        peer = ["ours"]
    try:
        request = _request(workload, peer, repeat, device, threads, scale, out)
    except RefusedError as refusal:
        typer.echo(f"benchmarks.run: {refusal}", err=True)
        raise typer.Exit(2) from None
    parts = [part for part, asked in ((_memory, memory), (_contention, contention)) if asked]
    raise typer.Exit(_measure(parts or [_speed, _search], request))


def _request(
    workload: list[str] | None, peer: list[str] | None, repeat: int, device: str, threads: int | None, scale: int,
    out: Path,
) -> Request:  # fmt: skip
    workloads = chosen("--workload", workload, list(WORKLOADS))
    peers = chosen("--peer", peer, list(PEERS))
    for option, value in (("--repeat", repeat), ("--scale", scale), ("--threads", threads)):
        if value is not None and value < 1:
            raise RefusedError(f"{option} {value}: expected at least 1")
    if threads is not None and threads > processors():
        raise RefusedError(f"--threads {threads}: expected at most the {processors()} processors at hand")
    if out.exists() and not out.is_dir():
        raise RefusedError(f"--out {out}: exists and is not a folder; choose another")
    where = found(device)
    kind = where.partition(":")[0]
    unfit = [name for name in peers if peer and kind not in PEERS[name].devices]
    if unfit:
        raise RefusedError(f"--peer {','.join(unfit)}: not for device {kind}; leave it out")
    ordered = [OURS, *(name for name in peers if name != OURS and kind in PEERS[name].devices)]
    return Request(
        workloads=tuple(WORKLOADS[name].scaled(scale) for name in workloads),
        peers=tuple(PEERS[name] for name in ordered),
        setting=Setting(where, threads or processors()),
        repeat=repeat,
        scale=scale,
        out=out,
    )


def _measure(parts: Sequence[Part], request: Request) -> int:
    """Run the parts; what is finished is shown and stored even when a later one fails."""
    from rich.console import Console

    from benchmarks.records import add
    from benchmarks.show import show
    from benchmarks.timing import DifferentIteratesError
    from benchmarks.worker import WorkerError
    from reports.pages.speed import section

    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=_WIDTH)
    try:
        for measured in (measured for part in parts for measured in part(request)):
            add(request.out, measured)
            for table in section(measured).tables:
                show(console, table)
    except (DifferentIteratesError, WorkerError) as error:
        typer.echo(f"benchmarks.run: {error}", err=True)
        return 1
    return 0


def _say(line: str) -> None:
    typer.echo(line, err=True)


# --- parts of a measurement ------------------------------------------------------------------------------------------


def _speed(request: Request) -> Iterator[Benchmarks]:
    from benchmarks.peers.ours_peers import tables
    from benchmarks.timing import measure

    for workload in request.workloads:
        _say(f"{workload.name}: {workload.title}")
        peers, setting = request.serving(workload), request.setting
        table = measure(workload, peers, tables(workload), setting, request.repeat, request.scale, _say)
        yield Benchmarks(speed=[table])


def _search(request: Request) -> Iterator[Benchmarks]:
    from benchmarks.searching import rates

    _say("search for counterexamples")
    yield Benchmarks(search=rates(request.setting, request.repeat))


def _contention(request: Request) -> Iterator[Benchmarks]:
    from benchmarks.busy import slowdowns
    from benchmarks.peers.ours_peers import tables

    for workload in request.workloads:
        _say(f"{workload.name}: beside busy processes")
        peers, setting = request.serving(workload), request.setting
        yield Benchmarks(contention=slowdowns(workload, peers, tables(workload), setting, request.repeat, _say))


def _memory(request: Request) -> Iterator[Benchmarks]:
    from benchmarks.growth import PROBES, growths

    names = {workload.name for workload in request.workloads}
    probes = [probe for probe in PROBES if probe.workload in names]
    if probes:
        yield Benchmarks(memory=growths(request.setting, probes, _say))
    else:
        _say(f"no size of {', '.join(sorted(names))} is measured: memory has sizes of W1, W2 and W4")


if __name__ == "__main__":
    app()
