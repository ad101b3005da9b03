"""The run: local steps, rounds and chunks of replicas, on stacked tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from empirics.checks import array, integer
from empirics.errors import DivergedError, Divergence, InputError
from empirics.meta_gradients import Watch, check_sizes, draw_batches, evaluate, ignore
from empirics.randomness import Draws, participants
from empirics.settings import MetaFedAvg
from empirics.task import Task

_VALUES_PER_CHUNK = 2**25


@dataclass(frozen=True, eq=False)
class Run:
    """What a run leaves: server iterates (replicas, rounds + 1, d) on the CPU, and all that is needed to repeat it.

    `chunk` is the number of replicas that shared a batch; `diverged` is None unless the run was cut short.
    """

    iterates: Tensor
    settings: MetaFedAvg
    seed: int
    chunk: int
    device: str
    diverged: Divergence | None = None

    @property
    def replicas(self) -> int:
        """Number of independent replicas."""
        return self.iterates.shape[0]

    @property
    def rounds(self) -> int:
        """Number of rounds."""
        return self.iterates.shape[1] - 1


@torch.no_grad()
def run(settings: MetaFedAvg, task: Task, w0: Any, rounds: int, *, seed: int, replicas: int) -> Run:
    """Run every chunk of replicas; see `MetaFedAvg.run`."""
    rounds, replicas = integer("rounds", rounds, at_least=0), integer("replicas", replicas, at_least=1)
    seed = integer("seed", seed, at_least=0)
    settings.participants_of(task.n)
    if settings.sizes is not None:
        check_sizes(task, settings.sizes)
    start = _start(task, w0, replicas)
    chunk = min(settings.chunk or default_chunk(settings, task), replicas)
    parts, failures = [], []
    for first in range(0, replicas, chunk):
        indices = torch.arange(first, min(first + chunk, replicas), device=task.device)
        part, failure = _run_chunk(settings, task, start[indices], rounds, seed, indices)
        parts.append(part)
        failures.extend([] if failure is None else [failure])
    finite = min(part.shape[1] for part in parts)
    iterates = torch.cat([part[:, :finite] for part in parts])
    first_failure = min(failures, key=lambda event: (event.round, event.replica), default=None)
    result = Run(iterates, settings, seed, chunk, str(task.device), first_failure)
    if first_failure is not None:
        raise DivergedError(first_failure, result)
    return result


def default_chunk(settings: MetaFedAvg, task: Task) -> int:
    """Replicas a batch so that about 256 MB of float64 are in flight."""
    full = settings.participants in (None, task.n)
    gathered = 0 if full else task.values_per_agent
    samples = 0 if settings.sizes is None else max(settings.sizes) * task.sampler.values_per_sample(task)
    per_agent = task.d * (settings.nu + 4) + gathered + samples
    return max(1, _VALUES_PER_CHUNK // (per_agent * settings.participants_of(task.n)))


def _start(task: Task, w0: Any, replicas: int) -> Tensor:
    start = array("w0", w0, "(d,) or (replicas, d)", (1, 2)).to(task.device, task.dtype)
    if start.shape not in ((task.d,), (replicas, task.d)):
        raise InputError(f"w0 has shape {tuple(start.shape)}: expected ({task.d},) or ({replicas}, {task.d})")
    return start.expand(replicas, task.d).clone()


def _run_chunk(
    settings: MetaFedAvg, task: Task, w: Tensor, rounds: int, seed: int, replicas: Tensor
) -> tuple[Tensor, Divergence | None]:
    """Iterates of one chunk, up to the last round in which all are finite, and the event that ended it."""
    iterates = torch.empty((len(w), rounds + 1, task.d), dtype=task.dtype, device=task.device)
    iterates[:, 0] = w
    for index in range(rounds):
        after = one_round(settings, task, w, index, seed, replicas)
        if not bool(torch.isfinite(after).all()):
            event = diagnose(settings, task, w, index, seed, replicas)
            return iterates[:, : index + 1].cpu(), event
        iterates[:, index + 1] = w = after
    return iterates.cpu(), None


def one_round(
    settings: MetaFedAvg, task: Task, w: Tensor, index: int, seed: int, replicas: Tensor, watch: Watch = ignore
) -> Tensor:
    """Server iterates (R, d) after round `index` from iterates w (R, d); a pure function of its arguments."""
    count = settings.participants_of(task.n)
    if count < task.n:
        task = task.select(participants(Draws(seed, index, 0, replicas), task.n, count))
    local = w.unsqueeze(1).expand(len(w), count, task.d)
    for step in range(settings.tau):
        batches = None
        if settings.sizes is not None:
            draws = Draws(seed, index, step, replicas)
            batches = draw_batches(task, draws, settings.mode, settings.nu, settings.sizes)
        gradient = evaluate(
            task, local, settings.alpha, settings.nu, settings.mode, delta=settings.delta, batches=batches, watch=watch
        )
        local = torch.sub(local, gradient, alpha=settings.beta)
        watch("local iterate", local)
    return local.mean(dim=1)


class _NotFiniteError(Exception):
    """Carries the first non-finite vector out of a watched round."""


def diagnose(settings: MetaFedAvg, task: Task, w: Tensor, index: int, seed: int, replicas: Tensor) -> Divergence:
    """Repeat a round that ended non-finite, and find the first vector that was not finite.

    A round is a pure function of its inputs, so an ordinary run need not look at every vector it makes.
    """
    step = 0

    def watch(term: str, vector: Tensor) -> None:
        nonlocal step
        bad = (~torch.isfinite(vector)).any(dim=-1)
        if bool(bad.any()):
            replica, place = (int(i) for i in torch.nonzero(bad)[0])
            raise _NotFiniteError(term, replica, place)
        step += term == "local iterate"

    try:
        average = one_round(settings, task, w, index, seed, replicas, watch)
    except _NotFiniteError as found:
        term, replica, place = found.args
        count, agent = settings.participants_of(task.n), place
        if count < task.n:
            agent = int(participants(Draws(seed, index, 0, replicas), task.n, count)[replica, place])
        return Divergence(agent, int(replicas[replica]), index, step, term)
    replica = int(torch.nonzero((~torch.isfinite(average)).any(dim=-1))[0, 0])
    return Divergence(None, int(replicas[replica]), index, None, "average")
