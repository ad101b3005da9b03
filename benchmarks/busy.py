"""How much a run slows down when other processes keep the processors busy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

from benchmarks.machine import describe, processors
from benchmarks.options import Say
from benchmarks.peers import Peer, Setting
from benchmarks.worker import Job, UnavailableError, Worker, spawned
from benchmarks.workloads import Tables, Workload
from reports.pages.speed_records import Contention


def fair_slowdown(threads: int, busy: int, cores: int) -> float:
    """Slowdown of `threads` threads beside `busy` others when every runnable thread gets an equal share.

    >>> fair_slowdown(2, 1, 2), fair_slowdown(2, 2, 2), fair_slowdown(2, 2, 16)
    (1.5, 2.0, 1.0)
    """
    return max(1.0, (threads + busy) / cores)


def slowdowns(
    workload: Workload, peers: Sequence[Peer], tables: Tables, setting: Setting, repeat: int, say: Say
) -> list[Contention]:
    """For each peer, beside one busy process and beside as many as it has threads itself; turns alone and beside."""
    found = []
    for peer in peers:
        with Worker(Job(peer.name, peer.timed(workload), workload.dtype, tables, setting)) as worker:
            try:
                worker.ask("first")
            except UnavailableError as error:
                say(f"{peer.name}: {error}")
                continue
            for busy in sorted({1, setting.threads}):
                ratios = [_slowdown(worker, busy) for _ in range(repeat)]
                found.append(
                    Contention(
                        workload=workload.name,
                        peer=peer.name,
                        device=setting.device,
                        busy=busy,
                        fair=fair_slowdown(setting.threads, busy, processors()),
                        slowdowns=ratios,
                        machine=describe(setting.threads, setting.device),
                    )
                )
    return found


def _slowdown(worker: Worker, busy: int) -> float:
    alone = worker.ask("time").seconds
    with busy_processes(busy):
        beside = worker.ask("time").seconds
    return beside / alone


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """So many processes that do nothing but compute, each with one thread, running when the body starts."""
    started = [spawned(_spin) for _ in range(count)]
    try:
        for end, _ in started:
            end.recv()
        time.sleep(0.05)  # until the scheduler has spread them
        yield
    finally:
        for _, process in started:
            process.terminate()
            process.join()


def _spin(started: Connection) -> None:
    started.send(None)
    value = 0
    while True:
        value = (value * 1103515245 + 12345) % 2147483648
