"""A dask cluster on the loopback, made of the processes that a user would start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.builds import ROOT, until


@dataclass
class Loopback:
    """Its address, its scheduler and its workers, as processes."""

    address: str
    folder: Path
    stack: ExitStack
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *more: str, path: str = "") -> subprocess.Popen[bytes]:
        """Start one more; path: where it looks for modules before anywhere else."""
        place = self.folder / f"worker-{len(self.workers)}"
        words = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(place), *more)
        self.workers.append(_started(self.stack, path, "worker", self.address, *words))
        return self.workers[-1]


@contextmanager
def loopback(folder: Path, workers: int) -> Iterator[Loopback]:
    """A scheduler with so many workers; they end with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ExitStack() as stack:
        words = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
        scheduler = _started(stack, "", "scheduler", *words)
        assert until(lambda: _listening(port), 60)
        found = Loopback(f"tcp://127.0.0.1:{port}", folder, stack, scheduler)
        for _ in range(workers):
            found.add_worker("--no-nanny")
        yield found


def _started(stack: ExitStack, path: str, *words: str) -> subprocess.Popen[bytes]:
    places = os.pathsep.join(one for one in (path, str(ROOT)) if one)
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words], env={**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=path or ROOT,
    )  # fmt: skip
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _listening(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
