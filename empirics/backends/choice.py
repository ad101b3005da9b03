"""The rule by which a run chooses who computes its rounds."""

from __future__ import annotations

from empirics.algorithm.settings import Settings
from empirics.backends.backend import Backend, TorchBackend
from empirics.backends.cuda_graphs import CudaGraphBackend
from empirics.backends.native.engine import native_backend
from empirics.backends.on_demand import on_demand_backend
from empirics.numerics.errors import InputError
from empirics.tasks.task import Task


def chosen(settings: Settings, task: Task) -> Backend:
    """The fastest backend at hand: native code for tasks that it knows on the CPU, graphs on CUDA, else torch."""
    return _native(settings, task) or _graphs(settings, task) or TorchBackend()


def named(name: str, settings: Settings, task: Task) -> Backend:
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


def _native(settings: Settings, task: Task) -> Backend | None:
    """The compiled backend, where it is installed and knows the task."""
    if task.device.type != "cpu":
        return None
    return native_backend(settings, task) or on_demand_backend(settings, task)


def _graphs(settings: Settings, task: Task) -> Backend | None:
    """CUDA graphs, where the task lies on a CUDA device."""
    if task.device.type != "cuda":
        return None
    return CudaGraphBackend()
