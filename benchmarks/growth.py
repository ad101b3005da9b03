"""Growth of peak memory: each value is measured in a process of its own, which runs once and ends."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.machine import describe, peak_bytes, reset_peak, resident_bytes, seconds
from benchmarks.options import Say
from benchmarks.peers import Setting
from benchmarks.worker import WorkerError, settle, spawned
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
    from benchmarks.peers import ours_peers as ours
    from empirics import meta_gradient

    data = W2.data(W2.dtype)
    task = ours.task(W2, data, device)
    meta_gradient(task, data.w0, W2.alpha, 0)  # libraries load and threads start outside of the charge
    return lambda: meta_gradient(task, data.w0, W2.alpha, nu)


def _run(workload: Workload, device: str, *, replicas: int = 1, chunk: int | None = None, **options: Any) -> Charge:
    from benchmarks.peers import ours_peers as ours
    from empirics.runs import fedavg

    data = workload.data(workload.dtype)
    settings, task = replace(ours.settings(workload), chunk=chunk), ours.task(workload, data, device)
    # Libraries load and threads start outside of the charge, on a run too small to leave memory for the charged one.
    small = replace(settings, nu=1, tau=1, participants=1, chunk=1)
    fedavg.run(small, task, data.w0, 1, seed=0, replicas=1)
    return lambda: fedavg.run(settings, task, data.w0, workload.rounds, seed=0, replicas=replicas, **options)


# Two agents: what a round leaves behind does not depend on how many took part, and long runs stay affordable.
_TWO_AGENTS = replace(W2, agents=2, participants=2)


def _rounds_on_disk(count: int, device: str) -> Charge:
    folder = tempfile.TemporaryDirectory()
    run = _run(replace(_TWO_AGENTS, rounds=count), device, path=f"{folder.name}/iterates.npy")

    def streamed() -> None:
        run()
        folder.cleanup()

    return streamed


def _agents(count: int, device: str) -> Charge:
    from benchmarks.peers import ours_peers as ours
    from empirics.runs import fedavg
    from empirics.tasks.populations import QuadraticPopulation

    def run(agents: int) -> None:
        # a table of all agents would be made here
        task = QuadraticPopulation(agents, W4.d, L=4.1, mu=0.1).to(device)
        fedavg.run(ours.settings(W4), task, [1.0] * W4.d, 20, seed=0, replicas=1)

    run(2 * W4.participants)  # libraries load and threads start outside of the charge
    return lambda: run(count)


AGENTS = Probe("agents n, generated on demand", "W4", "agent", (100_000, 100_000_000), _agents)
PROBES: tuple[Probe, ...] = (
    Probe("fine-tuning steps nu of one meta-gradient", "W2", "step", (4, 132), _meta_gradient, 2.5e6),
    Probe("fine-tuning steps nu of one local step of a run", "W2", "step", (4, 132),
          lambda nu, device: _run(replace(W2, nu=nu, tau=1, rounds=1), device), 2.5e6),
    Probe("rounds K, all iterates kept", "W2", "round", (1000, 3000),
          lambda count, device: _run(replace(_TWO_AGENTS, rounds=count), device), 4.0 * W2.d),
    Probe("rounds K, first and last iterate kept", "W2", "round", (1000, 3000),
          lambda count, device: _run(replace(_TWO_AGENTS, rounds=count), device, keep=count)),
    Probe("rounds K, iterates streamed to disk", "W2", "round", (1000, 3000), _rounds_on_disk),
    Probe("replicas, all in one batch", "W1", "replica", (1, 33),
          lambda count, device: _run(W1.shortened(2), device, replicas=count, chunk=count)),
    Probe("replicas, in batches of 4", "W1", "replica", (4, 132),
          lambda count, device: _run(W1.shortened(2), device, replicas=count, chunk=4)),
    Probe("participants m", "W4", "participant", (1000, 16000),
          lambda count, device: _run(replace(W4, participants=count).shortened(5), device)),
    AGENTS,
)  # fmt: skip


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
    ours, process = spawned(_child, PROBES.index(probe), value, setting)
    try:
        answer = ours.recv() if patience is None or ours.poll(max(patience, 1.0)) else "no answer in time"
    except EOFError:
        answer = "it ended without an answer"
    process.kill()
    process.join()
    if isinstance(answer, str):
        raise WorkerError(f"memory of {probe.quantity} = {value}: {answer}")
    return answer


def _child(connection: Connection, place: int, value: int, setting: Setting) -> None:
    settle(setting)
    try:
        connection.send(charged(PROBES[place].prepare(value, setting.device), setting.device))
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")


def charged(run: Charge, device: str) -> tuple[int, float]:
    """Bytes by which the peak exceeds what was in use before (on a GPU, of the card's memory), and seconds."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        taken = seconds(run, device)
        return torch.cuda.max_memory_allocated(device) - before, taken
    reset_peak()
    before = resident_bytes()
    taken = seconds(run)
    return max(0, peak_bytes() - before), taken
