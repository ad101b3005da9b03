"""One round of Meta-FedAvg on stacked tensors: participants, local steps, average."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import Watch, draw_batches, evaluate, ignore
from empirics.algorithm.settings import Settings
from empirics.numerics.randomness import Draws, participants
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
    count = settings.participants_of(task.n)
    if count < task.n:
        task = task.select(participants(draws_of(0), task.n, count))
    local = w.unsqueeze(1).expand(len(w), count, task.d)
    for step in range(settings.tau):
        batches = None
        if settings.sizes is not None:
            batches = draw_batches(task, draws_of(step), settings.mode, settings.nu, settings.sizes)
        gradient = evaluate(
            task, local, settings.alpha, settings.nu, settings.mode, delta=settings.delta, batches=batches, watch=watch
        )
        local = torch.sub(local, gradient, alpha=settings.beta)
        watch("local iterate", local)
    return local.mean(dim=1)
