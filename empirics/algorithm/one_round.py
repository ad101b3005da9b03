"""One round of Meta-FedAvg on stacked tensors: participants, local steps, average, server step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import Watch, draw_batches, evaluate, ignore
from empirics.algorithm.participation import average, server_iterates, taking_part, with_slots
from empirics.algorithm.settings import Settings
from empirics.numerics.randomness import Draws
from empirics.tasks.task import Task


def one_round(
    settings: Settings, task: Task, w: Tensor, index: int, seed: int, replicas: Tensor, watch: Watch = ignore
) -> Tensor:
    """Server iterates (R, d) after round `index` from iterates w (R, d); a pure function of its arguments."""
    return round_with(settings, task, w, lambda step: Draws(seed, index, step, replicas), watch)


def round_with(
    settings: Settings, task: Task, w: Tensor, draws_of: Callable[[int], Draws], watch: Watch = ignore
) -> Tensor:
    """Server iterates (R, d) after a round whose local step s has the draws draws_of(s).

    Nothing in it asks a tensor for a number, so a GPU never makes the host wait.
    """
    drawn = taking_part(settings, draws_of(0), task.n)
    if drawn is not None:
        task = task.select(drawn)
    local = w
    for local in _local_iterates(settings, task, w, draws_of, watch):  # noqa: B007, only the last is averaged
        pass
    return server_iterates(settings, w, average(settings, local))


def local_averages(settings: Settings, task: Task, w: Tensor, index: int, seed: int, replicas: Tensor) -> Tensor:
    """C2: wbar_{k,t} for t < tau, (R, tau, d): means of the local iterates of all n agents in round `index` from w.

    Agents that are not sampled are run as well. The batches are those that `one_round` gives an agent, but with
    replacement, where a round gives an agent none or several sets of them: there they are of the same law.
    """
    everybody = settings.everybody()
    steps = _local_iterates(everybody, task, w, lambda step: Draws(seed, index, step, replicas), ignore)
    return torch.stack([w, *(average(everybody, local) for local in islice(steps, settings.tau - 1))], dim=1)


def _local_iterates(
    settings: Settings, task: Task, w: Tensor, draws_of: Callable[[int], Draws], watch: Watch
) -> Iterator[Tensor]:
    """The iterates (R, m, d) of the task's agents after each of their tau local steps from w (R, d)."""
    local = w.unsqueeze(1).expand(len(w), task.n, task.d)
    for step in range(settings.tau):
        batches = None
        if settings.sizes is not None:
            draws = with_slots(settings, draws_of(step), task.n)
            batches = draw_batches(task, draws, settings.mode, settings.nu, settings.sizes)
        gradient = evaluate(
            task, local, settings.alpha, settings.nu, settings.mode, delta=settings.delta, batches=batches, watch=watch
        )
        local = torch.sub(local, gradient, alpha=settings.beta)
        watch("local iterate", local)
        yield local
