"""Which tasks the compiled engine knows, and what it needs of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from empirics.native.job import Job
from empirics.network import NetworkTask
from empirics.noise import NoisySamples
from empirics.quadratic import QuadraticTask
from empirics.sampling import ExactSamples
from empirics.task import Task


class Problem(ABC):
    """A task as the engine sees it; holds the tensors whose addresses it writes into a job."""

    @abstractmethod
    def fill(self, job: Job) -> None:
        """Write the problem's part of a job."""


@final
@dataclass(frozen=True, eq=False)
class QuadraticProblem(Problem):
    """A, c and, when there is any, the two-sign noise."""

    tensors: dict[str, Tensor]
    scales: tuple[float, float, float]

    def fill(self, job: Job) -> None:
        """Addresses of A, c, u, v, phi and the scales g, a, k."""
        for name, tensor in self.tensors.items():
            setattr(job, name, tensor.data_ptr())
        job.noise_gradient, job.noise_amplitude, job.noise_frequency = self.scales


@final
@dataclass(frozen=True, eq=False)
class DenseProblem(Problem):
    """Inputs, labels or targets, and the widths of the layers."""

    inputs: Tensor
    answers: Tensor
    widths: Tensor

    def fill(self, job: Job) -> None:
        """Addresses of the data; integer answers are class labels, real ones are targets of a squared loss."""
        job.inputs, job.widths = self.inputs.data_ptr(), self.widths.data_ptr()
        job.samples, job.layers = self.inputs.shape[1], len(self.widths) - 1
        job.labels = self.answers.data_ptr() if self.answers.dtype == torch.int64 else None
        job.targets = None if self.answers.dtype == torch.int64 else self.answers.data_ptr()


def problem_of(task: Task, batches: Sequence[int], participants: int) -> Problem | None:
    """The task as the engine sees it, with batches of these sizes or none; None for tasks it does not know."""
    if type(task) is QuadraticTask:
        return _quadratic(task)
    if type(task) is NetworkTask:
        return _network(task, batches)
    if batches or isinstance(task, NetworkTask):
        return None
    from empirics.native.recorded_tasks import task_problem

    return task_problem(task, participants)


def _network(task: NetworkTask, batches: Sequence[int]) -> Problem | None:
    if task.form is not None:
        return _dense(task)
    from empirics.native.recorded_networks import network_problem

    return network_problem(task, batches)


def _quadratic(task: QuadraticTask) -> QuadraticProblem | None:
    tensors = {"matrices": task.whole("A"), "centres": task.whole("c")}
    if isinstance(task.sampler, ExactSamples):
        return QuadraticProblem(tensors, (0.0, 0.0, 1.0))
    if not isinstance(task.sampler, NoisySamples):
        return None
    noise = {name: task.whole(name) for name in ("noise_u", "noise_v", "noise_phi")}
    return QuadraticProblem({**tensors, **noise}, (task.sampler.g, task.sampler.a, task.sampler.k))


def _dense(task: NetworkTask) -> DenseProblem | None:
    form = task.form
    if form is None or form.activation not in ("tanh", "identity"):
        return None
    inputs, answers = task.whole("x").flatten(2), task.whole("y")
    answers = answers.to(torch.int64) if form.loss == "cross_entropy" else answers.flatten(2)
    widths = torch.tensor(form.widths, dtype=torch.int64)
    return DenseProblem(inputs.contiguous(), answers.contiguous(), widths)
