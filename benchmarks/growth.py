"""Growth of peak memory: each value is measured in a process of its own, which runs once and ends."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.machine import describe, peak_bytes, reset_peak, resident_bytes
from benchmarks.peers import Setting
from benchmarks.timing import Say
from benchmarks.worker import WorkerError, settle
from benchmarks.workloads import W1, W2, W4, Workload
from reports.pages.speed_records import Growth

Charge = Callable[[], Any]  # the run that is charged for; everything before it is prepared already


@dataclass(frozen=True)
class Probe:
    """One size and two values of it: `prepare(value, device)` gives the run whose peak is charged."""

    quantity: str
    workload: str
    unit: str
    values: tuple[int, int]
    prepare: Callable[[int, str], Charge]
    target_bytes: float | None = None


def _meta_gradient(nu: int, device: str) -> Charge:
    from benchmarks import ours
    from empirics import meta_gradient

    data = W2.data(W2.dtype)
    task = ours.task(W2, data, device)
    meta_gradient(task, data.w0, W2.alpha, 0)  # libraries load and threads start outside of the charge
    return lambda: meta_gradient(task, data.w0, W2.alpha, nu)


def _run(workload: Workload, device: str, *, replicas: int = 1, chunk: int | None = None, **options: Any) -> Charge:
    from benchmarks import ours

    data = workload.data(workload.dtype)
    settings = replace(ours.settings(workload), chunk=chunk)
    return _charge(settings, ours.task(workload, data, device), data.w0, workload.rounds, replicas, options)


def _charge(settings: Any, task: Any, start: Any, rounds: int, replicas: int, options: dict[str, Any]) -> Charge:
    from empirics.runs import fedavg

    # Libraries load and threads start outside of the charge, on a run too small to leave memory for the charged one.
    fedavg.run(replace(settings, nu=1, tau=1, participants=1, chunk=1), task, start, 1, seed=0, replicas=1)
    return lambda: fedavg.run(settings, task, start, rounds, seed=0, replicas=replicas, **options)


def _run_of_steps(nu: int, device: str) -> Charge:
    return _run(replace(W2, nu=nu, tau=1, rounds=1), device)


# Two agents: what a round leaves behind does not depend on how many took part, and long runs stay affordable.
_FEW = replace(W2, agents=2, participants=2)


def _rounds(count: int, device: str) -> Charge:
    return _run(replace(_FEW, rounds=count), device)


def _rounds_thinned(count: int, device: str) -> Charge:
    return _run(replace(_FEW, rounds=count), device, keep=count)


def _rounds_on_disk(count: int, device: str) -> Charge:
    folder = tempfile.TemporaryDirectory()
    run = _run(replace(_FEW, rounds=count), device, path=f"{folder.name}/iterates.npy")

    def streamed() -> None:
        run()
        folder.cleanup()

    return streamed


def _replicas(count: int, device: str) -> Charge:
    return _run(W1.shortened(2), device, replicas=count, chunk=count)


def _replicas_in_chunks(count: int, device: str) -> Charge:
    return _run(W1.shortened(2), device, replicas=count, chunk=4)


def _participants(count: int, device: str) -> Charge:
    return _run(replace(W4, participants=count).shortened(5), device)


def _agents(count: int, device: str) -> Charge:
    from benchmarks import ours
    from empirics.runs import fedavg
    from empirics.tasks.populations import QuadraticPopulation

    def run(agents: int) -> None:
        # a table of all agents would be made here
        task = QuadraticPopulation(agents, W4.d, L=4.1, mu=0.1).to(device)
        fedavg.run(ours.settings(W4), task, [1.0] * W4.d, 20, seed=0, replicas=1)

    run(2 * W4.participants)  # libraries load and threads start outside of the charge
    return lambda: run(count)


PROBES: tuple[Probe, ...] = (
    Probe("fine-tuning steps nu of one meta-gradient", "W2", "step", (4, 132), _meta_gradient, 2.5e6),
    Probe("fine-tuning steps nu of one local step of a run", "W2", "step", (4, 132), _run_of_steps, 2.5e6),
    Probe("rounds K, all iterates kept", "W2", "round", (1000, 3000), _rounds, 4.0 * W2.d),
    Probe("rounds K, first and last iterate kept", "W2", "round", (1000, 3000), _rounds_thinned),
    Probe("rounds K, iterates streamed to disk", "W2", "round", (1000, 3000), _rounds_on_disk),
    Probe("replicas, all in one batch", "W1", "replica", (1, 33), _replicas),
    Probe("replicas, in batches of 4", "W1", "replica", (4, 132), _replicas_in_chunks),
    Probe("participants m", "W4", "participant", (1000, 16000), _participants),
    Probe("agents n, generated on demand", "W4", "agent", (100_000, 100_000_000), _agents),
)


def growths(setting: Setting, probes: Sequence[Probe], say: Say) -> list[Growth]:
    """One row a probe."""
    rows = []
    for probe in probes:
        say(f"{probe.workload}: {probe.quantity}")
        (low, fast), (high, slow) = (measured(probe, value, setting) for value in probe.values)
        rows.append(
            Growth(
                quantity=probe.quantity,
                workload=probe.workload,
                unit=probe.unit,
                values=probe.values,
                peak_bytes=(low, high),
                seconds=(fast, slow),
                bytes_per_unit=(high - low) / (probe.values[1] - probe.values[0]),
                target_bytes=probe.target_bytes,
                device=setting.device,
                machine=describe(setting.threads, setting.device),
            )
        )
    return rows


def measured(probe: Probe, value: int, setting: Setting, patience: float | None = None) -> tuple[int, float]:
    """Bytes and seconds of one value, in a process of its own that may take `patience` seconds.

    Raises:
        WorkerError: it failed; the text is its own message.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, probe, value, setting), daemon=True)
    process.start()
    theirs.close()
    try:
        answer = ours.recv() if patience is None or ours.poll(max(patience, 1.0)) else "no answer in time"
    except EOFError:
        answer = "it ended without an answer"
    if isinstance(answer, str):
        process.kill()
    process.join()
    if isinstance(answer, str):
        raise WorkerError(f"memory of {probe.quantity} = {value}: {answer}")
    return answer


def _child(connection: Connection, probe: Probe, value: int, setting: Setting) -> None:
    settle(setting)
    try:
        charge = probe.prepare(value, setting.device)
        connection.send(charged(charge, setting.device))
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")


def charged(run: Charge, device: str) -> tuple[int, float]:
    """Bytes by which the peak exceeds what was in use before (on a GPU, of the card's memory), and seconds."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        seconds = _seconds(run)
        return torch.cuda.max_memory_allocated(device) - before, seconds
    reset_peak()
    before = resident_bytes()
    seconds = _seconds(run)
    return max(0, peak_bytes() - before), seconds


def _seconds(run: Charge) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
