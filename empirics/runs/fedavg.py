"""The run: local steps, rounds and chunks of replicas, on stacked tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import check_sizes
from empirics.algorithm.one_round import local_averages as averages_of_round
from empirics.algorithm.settings import Settings
from empirics.backends.backend import Backend
from empirics.backends.choice import chosen, named
from empirics.numerics.checks import array, choice, integer
from empirics.numerics.errors import InputError
from empirics.numerics.memory import largest_chunk, memory_budget, out_of_memory, peak_bytes
from empirics.numerics.precision import PRECISIONS, products
from empirics.numerics.workers import keep_freed_memory
from empirics.runs.diagnosis import diagnose
from empirics.runs.recorder import InMemory, Kept, OnDisk, Recorder
from empirics.runs.run import DivergedError, Divergence, Run
from empirics.tasks.task import Task

_VALUES_PER_BLOCK = 2**22


@dataclass(frozen=True)
class _ResolvedRun:
    """One run, resolved: what is computed, from where, by whom."""

    settings: Settings
    task: Task
    start: Tensor
    kept: Kept
    seed: int
    engine: Backend
    recorder: Recorder
    averages: Recorder | None


@torch.no_grad()
def run(
    settings: Settings,
    task: Task,
    w0: Any,
    rounds: int,
    *,
    seed: int,
    replicas: int,
    backend: Backend | str | None = None,
    keep: int = 1,
    path: str | Path | None = None,
    precision: str = "ieee",
    local_averages: bool = False,
) -> Run:
    """Run every chunk of replicas; see `MetaFedAvg.run`.

    Args:
        settings, task, w0, rounds, seed, replicas: as there.
        backend: a backend or its name; the fastest at hand by default.
        keep: keep the iterates of every keep-th round only, and of the last.
        path: a .npy file to hold the iterates instead of memory.
        local_averages: as there; they are held in memory, of every round.
        precision: "ieee", or "tf32" to let a GPU round the factors of float32 products to 10 bits.

    Memory beyond the iterates that are kept does not grow with rounds, nor with replicas beyond a chunk. A batch that
    does not fit into memory is halved, all its replicas are run again in chunks of that size, and `notes` say so.

    >>> from empirics import MetaFedAvg, QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    >>> settings = MetaFedAvg(alpha=0.0, nu=0, beta=0.5, tau=1)
    >>> thin = run(settings, task, [8.0], 3, seed=0, replicas=1, keep=2)
    >>> thin.iterates.flatten().tolist(), thin.kept, thin.rounds
    ([8.0, 2.0, 1.0], (0, 2, 3), 3)
    """
    rounds, replicas = integer("rounds", rounds, at_least=0), integer("replicas", replicas, at_least=1)
    seed, kept = integer("seed", seed, at_least=0), Kept(rounds, integer("keep", keep, at_least=1))
    precision = choice("precision", precision, PRECISIONS)
    settings.participants_of(task.n)
    if settings.sizes is not None:
        check_sizes(task, settings.sizes)
    start = _start(task, w0, replicas)
    keep_freed_memory()
    size = (replicas, len(kept), task.d)
    recorder = InMemory(*size, task.dtype) if path is None else OnDisk(path, *size, task.dtype)
    engine = _backend(backend, settings, task)
    averages = InMemory(replicas, rounds * settings.tau, task.d, task.dtype) if local_averages else None
    resolved = _ResolvedRun(settings, task, start, kept, seed, engine, recorder, averages)
    # all agents at once take the most memory, where they are run at all
    measured = settings if averages is None else settings.everybody()
    with products(precision):
        chunk = min(settings.chunk or default_chunk(measured, task, replicas, engine), replicas)
        finite, failure, chunk, notes = _run_chunks(resolved, chunk)
    recheck = None
    if task.dtype == torch.float32:
        recheck = partial(float64_distance, settings, task, start[:1], kept.rounds[:finite], seed)
    means = None if averages is None else averages.iterates()[:, : kept.rounds[finite - 1] * settings.tau]
    result = Run(
        recorder.iterates()[:, :finite], settings, seed, chunk, str(task.device), failure, engine.name,
        kept.rounds[:finite], precision, (*notes, *engine.notes()), recheck,
        None if means is None else means.unflatten(1, (-1, settings.tau)),
    )  # fmt: skip
    if failure is not None:
        raise DivergedError(failure, result)
    return result


def _backend(backend: Backend | str | None, settings: Settings, task: Task) -> Backend:
    if backend is None:
        return chosen(settings, task)
    return named(backend, settings, task) if isinstance(backend, str) else backend


def default_chunk(settings: Settings, task: Task, replicas: int, engine: Backend) -> int:
    """As many replicas as a measured local step shows to fit into the budget of the task's device."""
    one_step, engine = replace(settings, tau=1), engine.measured()

    def peak(size: int) -> int:
        w = torch.zeros((size, task.d), dtype=task.dtype, device=task.device)
        indices = torch.arange(size, device=task.device)
        return peak_bytes(lambda: engine.rounds(one_step, task, w, 0, 1, 0, indices), task.device)

    return largest_chunk(replicas, memory_budget(task.device), peak)


def _start(task: Task, w0: Any, replicas: int) -> Tensor:
    start = array("w0", w0, "(d,) or (replicas, d)", (1, 2)).to(task.device, task.dtype)
    if start.shape not in ((task.d,), (replicas, task.d)):
        raise InputError(f"w0 has shape {tuple(start.shape)}: expected ({task.d},) or ({replicas}, {task.d})")
    return start.expand(replicas, task.d)


def _run_chunks(resolved: _ResolvedRun, chunk: int) -> tuple[int, Divergence | None, int, list[str]]:
    """Kept rounds in which all replicas are finite, the first failure, the chunk that fitted, and what happened."""
    notes: list[str] = []
    while True:
        failed = None
        try:
            ended = [_run_chunk(resolved, first, chunk) for first in range(0, len(resolved.start), chunk)]
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            if chunk == 1:
                error.add_note("one replica alone does not fit: take fewer participants, fewer steps nu or a smaller d")
                raise
            failed = type(error).__name__
        if failed is None:
            failures = [event for _, event in ended if event is not None]
            first_failure = min(failures, key=lambda event: (event.round, event.replica), default=None)
            return min(finite for finite, _ in ended), first_failure, chunk, notes
        # Beginning again with all replicas keeps the run a pure function of device and chunk.
        notes.append(f"out of memory ({failed}) with {chunk} replicas a batch: went on with {max(1, chunk // 2)}")
        chunk = max(1, chunk // 2)
        if resolved.task.device.type == "cuda":
            torch.cuda.empty_cache()


def _run_chunk(resolved: _ResolvedRun, replica: int, chunk: int) -> tuple[int, Divergence | None]:
    """Record one chunk; how many kept rounds are finite in it, and the event that ended it."""
    settings, task, kept = resolved.settings, resolved.task, resolved.kept
    w = resolved.start[replica : replica + chunk].contiguous()
    replicas = torch.arange(replica, replica + len(w), device=task.device)
    resolved.recorder.write(replica, 0, w.unsqueeze(1))
    block = max(1, _VALUES_PER_BLOCK // w.numel())
    for first in range(0, kept.last, block):
        count = min(block, kept.last - first)
        after = resolved.engine.rounds(settings, task, w, first, count, resolved.seed, replicas)
        finite = torch.isfinite(after).flatten(2).all(dim=-1).all(dim=0)
        good = count if bool(finite.all()) else int((~finite).int().argmax())
        resolved.recorder.write(replica, kept.until(first), kept.of_block(after[:, :good], first))
        if resolved.averages is not None:
            for place in range(good):
                before = after[:, place - 1] if place else w
                found = averages_of_round(settings, task, before, first + place, resolved.seed, replicas)
                resolved.averages.write(replica, (first + place) * settings.tau, found)
        if good < count:
            before = after[:, good - 1] if good else w
            event = diagnose(settings, task, before, first + good, resolved.seed, replicas, after[:, good])
            return kept.until(first + good), event
        w = after[:, -1].contiguous()
    return len(kept), None


def float64_distance(
    settings: Settings, task: Task, start: Tensor, kept: tuple[int, ...], seed: int, iterates: Tensor
) -> float:
    """The largest norm of the difference between replica 0 of `iterates` and the same run in float64.

    start (1, d) is where replica 0 began; `kept` lists the rounds of the iterates (replicas, kept, d).
    """
    wide, every = task.to(dtype=torch.float64), (*kept, 1)[1]
    again = run(settings, wide, start.to(torch.float64), kept[-1], seed=seed, replicas=1, keep=every)
    return float((iterates[0].to(torch.float64) - again.iterates[0]).norm(dim=-1).max())
