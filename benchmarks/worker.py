"""A process for one implementation, one workload at a time, which runs when it is asked to and sleeps otherwise.

Libraries read their settings when they are imported, so nothing heavy is imported before those are made.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Self

import numpy as np

from benchmarks.machine import peak_bytes, reset_peak, resident_bytes
from benchmarks.peers import PEERS, Setting
from benchmarks.workloads import Tables, Workload

_SHORTEST = 0.25  # seconds; a shorter run is repeated within one measurement
_MOST_RUNS = 20


class WorkerError(Exception):
    """The worker's process failed; its own message is the text, and `peer` the implementation, where it is one."""

    def __init__(self, message: str, peer: str | None = None) -> None:
        super().__init__(message)
        self.peer = peer


class UnavailableError(Exception):
    """The implementation cannot run on this machine; the text says why."""


@dataclass(frozen=True, eq=False)
class Job:
    """What a worker is for; of the tables it takes the rounds of the workload."""

    peer: str
    workload: Workload
    dtype: str
    tables: Tables
    setting: Setting

    def __str__(self) -> str:
        return f"{self.peer} on {self.workload.name}"


@dataclass(frozen=True, eq=False)
class Measurement:
    """Seconds of one run (mean over `runs` in a row) and the iterate at which it ended."""

    seconds: float
    runs: int
    last: np.ndarray


def spawned(target: Callable[..., None], *arguments: object) -> tuple[Connection, SpawnProcess]:
    """Our end of a pipe, and a process without libraries that runs target(its end, *arguments); it ends with us."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return ours, process


class Worker(AbstractContextManager):
    """The driver's handle of such a process, which ends with the context."""

    def __init__(self, job: Job, patience: Callable[[], float] | None = None) -> None:
        """`patience` tells how many seconds an answer may take; without it any."""
        self.job, self._patience = job, patience
        self._connection, self._process = spawned(_serve, job)

    def __exit__(self, *_: object) -> None:
        """End the process, by force when it does not end by itself."""
        self._connection.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()

    def take(self, job: Job) -> Self:
        """The same process for another job of the same implementation and setting; what it held is dropped."""
        self.job = job
        try:
            self._connection.send(job)
        except ConnectionError:
            raise self._ended() from None
        return self

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self._process.is_alive()

    def ask(self, request: str) -> Any:
        """The answer to "first" (seconds), "iterates" (array), "time" (Measurement), "memory" (bytes) or "backend".

        Raises:
            UnavailableError: the implementation cannot run here.
            WorkerError: it failed, or took longer than was the patience; its process has then ended.
        """
        try:
            self._connection.send(request)
            if self._patience is not None and not self._connection.poll(max(self._patience(), 1.0)):
                self._process.kill()
                raise WorkerError(f"{self.job}: no answer in time", self.job.peer)
            kind, answer = self._connection.recv()
        except (EOFError, ConnectionError):
            raise self._ended() from None
        if kind == "unavailable":
            raise UnavailableError(answer)
        if kind == "failed":
            raise WorkerError(f"{self.job}: {answer}", self.job.peer)
        return answer

    def _ended(self) -> WorkerError:
        self._process.join(timeout=5)
        return WorkerError(f"{self.job}: it ended with status {self._process.exitcode}", self.job.peer)


def _serve(connection: Connection, job: Job) -> None:
    settle(job.setting)
    state: _State | None = None
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        if isinstance(request, Job):
            state, job = None, request
            continue
        try:
            state = state or _State(job)
            answer = ("done", getattr(state, request)())
        except UnavailableError as error:
            answer = ("unavailable", str(error))
        except Exception as error:
            answer = ("failed", f"{type(error).__name__}: {error}")
        connection.send(answer)


def settle(setting: Setting) -> None:
    """Threads, devices and memory of the libraries, before any of them is imported."""
    available = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(available) > setting.threads:
        os.sched_setaffinity(0, available[: setting.threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(setting.threads)
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={setting.threads}"
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    os.environ["JAX_PLATFORMS"] = "cuda,cpu" if setting.device.startswith("cuda") else "cpu"


class _State:
    """The implementation in this process; made at the first request, so that a failure has someone to tell."""

    def __init__(self, job: Job) -> None:
        peer = PEERS[job.peer]
        if peer.library == "jax":
            _prepare_jax(job)
        else:
            import torch

            torch.set_num_threads(job.setting.threads)
        tables = job.tables.cut(job.workload.rounds)
        self._before = resident_bytes()
        self._run = peer.prepare(job.workload, job.workload.data(job.dtype), tables, job.setting)

    def first(self) -> float:
        """Seconds of the first call; from here on peak memory counts."""
        started = time.perf_counter()
        self._run()
        taken = time.perf_counter() - started
        reset_peak()
        return taken

    def iterates(self) -> np.ndarray:
        """All iterates of one run."""
        return np.array(self._run())

    def time(self) -> Measurement:
        """One run, repeated in a row while all of them together are too short to be timed well."""
        runs, started, taken, last = 0, time.perf_counter(), 0.0, np.zeros(0)
        while runs == 0 or (taken < _SHORTEST and runs < _MOST_RUNS):
            last = self._run()[-1]
            runs += 1
            taken = time.perf_counter() - started
        return Measurement(taken / runs, runs, np.array(last))

    def memory(self) -> int:
        """Peak growth of the process since its libraries were imported."""
        return max(0, peak_bytes() - self._before)

    def backend(self) -> str | None:
        """What computed the rounds, where the implementation has a choice; after a run."""
        return getattr(self._run, "backend", None)


def _prepare_jax(job: Job) -> None:
    try:
        import jax
    except ImportError:
        raise UnavailableError("jax is not installed: its peers are skipped; the extra `bench` brings it") from None
    jax.config.update("jax_enable_x64", job.dtype == "float64")
    if job.setting.device.startswith("cuda"):
        try:
            jax.devices("cuda")
        except RuntimeError:
            raise UnavailableError("JAX sees no CUDA device here: its peers are skipped") from None
        # float32 means float32 for everyone; by default the tensor cores would be given fewer bits
        jax.config.update("jax_default_matmul_precision", "highest")
