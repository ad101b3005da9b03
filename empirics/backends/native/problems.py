"""Which tasks the compiled engine knows, and what it needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from empirics.backends.native.job import Job
from empirics.backends.native.problem import Problem
from empirics.backends.native.recorded_networks import network_problem
from empirics.backends.native.recorded_tasks import task_problem
from empirics.tasks.forms import QuadraticForm
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.task import Task


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
    form, network = task.quadratic(), task.network()
    if form is not None:
        return quadratic_problem(task, form)
    if network is not None:
        return _dense(network) if network.form is not None else network_problem(network, batches)
    return None if batches else task_problem(task, participants)


def quadratic_problem(task: Task, form: QuadraticForm) -> QuadraticProblem | None:
    """A form with the task's samples, where these are exact or have signs."""
    scales, tensors = task.sampler.sign_scales(), {"matrices": form.matrices, "centres": form.centres}
    if scales is None:
        return None
    if not task.sampler.noiseless:
        tensors |= {name: task.whole(name) for name in ("noise_u", "noise_v", "noise_phi")}
    return QuadraticProblem(tensors, scales)


def _dense(task: NetworkTask) -> DenseProblem | None:
    form = task.form
    if form is None or form.activation not in ("tanh", "identity"):
        return None
    inputs, answers = task.whole("x").flatten(2), task.whole("y")
    answers = answers.to(torch.int64) if form.loss == "cross_entropy" else answers.flatten(2)
    widths = torch.tensor(form.widths, dtype=torch.int64)
    return DenseProblem(inputs.contiguous(), answers.contiguous(), widths)
