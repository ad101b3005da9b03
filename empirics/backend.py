"""Who computes the rounds: one small interface, and the rule by which a run chooses among its implementations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from empirics.errors import InputError
from empirics.fedavg import one_round

if TYPE_CHECKING:
    from empirics.settings import MetaFedAvg
    from empirics.task import Task


class Backend(ABC):
    """Computes blocks of rounds. Backends agree within rounding, and their draws are the same bit for bit.

    `name` is stored with a run; `named` finds the backend again.
    """

    name: str

    @abstractmethod
    def rounds(
        self, settings: MetaFedAvg, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """Server iterates (R, count, d) after rounds first .. first + count - 1, from w (R, d).

        `replicas` (R,) holds the global indices that the draws use. A run that leaves the finite numbers gives
        iterates that are not finite from that round on; the values after it mean nothing.
        """

    def measured(self) -> Backend:
        """The backend whose use of memory stands for this one's when the size of a chunk is chosen."""
        return self

    def notes(self) -> tuple[str, ...]:
        """What a reader of the run must know about how it was computed; nothing by default."""
        return ()


class TorchBackend(Backend):
    """The general path: stacked torch operations, any task, any device."""

    name = "torch"

    @torch.no_grad()
    def rounds(
        self, settings: MetaFedAvg, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """One round after another; on the CPU, where looking is free, nothing is computed from a bad iterate."""
        iterates = torch.full((len(w), count, task.d), torch.nan, dtype=task.dtype, device=task.device)
        for place in range(count):
            w = one_round(settings, task, w, first + place, seed, replicas)
            iterates[:, place] = w
            if w.device.type == "cpu" and not bool(torch.isfinite(w).all()):
                break
        return iterates


def chosen(settings: MetaFedAvg, task: Task) -> Backend:
    """The fastest backend at hand: native code for tasks that it knows on the CPU, graphs on CUDA, else torch."""
    return _native(settings, task) or _graphs(settings, task) or TorchBackend()


def named(name: str, settings: MetaFedAvg, task: Task) -> Backend:
    """The backend of that name, so that a run can be repeated with the one it was made with.

    Raises:
        InputError: no backend of that name serves this task here.

    >>> from empirics import MetaFedAvg, QuadraticTask
    >>> named("torch", MetaFedAvg(0.1, 1, 0.1, 1), QuadraticTask([[[1.0]]], [[0.0]])).name
    'torch'
    """
    offered: list[Backend] = [TorchBackend()]
    offered += [one for one in (_native(settings, task), _graphs(settings, task)) if one is not None]
    for backend in offered:
        if backend.name == name:
            return backend
    names = ", ".join(backend.name for backend in offered)
    raise InputError(f"backend = {name!r}: expected one that serves this task on this machine ({names})")


def _native(settings: MetaFedAvg, task: Task) -> Backend | None:
    """The compiled backend, where it is installed and knows the task."""
    if task.device.type != "cpu":
        return None
    from empirics.native import native_backend
    from empirics.on_demand import on_demand_backend

    return native_backend(settings, task) or on_demand_backend(settings, task)


def _graphs(settings: MetaFedAvg, task: Task) -> Backend | None:
    """CUDA graphs, where the task lies on a CUDA device."""
    if task.device.type != "cuda":
        return None
    from empirics.cuda_graphs import CudaGraphBackend

    return CudaGraphBackend()
