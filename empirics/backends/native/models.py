"""Which tasks the compiled engine knows, and what it needs of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from empirics.backends.native.job import Job
from empirics.backends.native.model import NativeModel
from empirics.backends.native.recorded_networks import network_model
from empirics.backends.native.recorded_tasks import task_model
from empirics.tasks.forms import QuadraticForm
from empirics.tasks.networks.network import NetworkTask
from empirics.tasks.sampler import Sampler
from empirics.tasks.task import Task

_OF_SIGNS = ("draw", "blocks", "loss", "gradient", "hvp")


@final
@dataclass(frozen=True, eq=False)
class QuadraticModel(NativeModel):
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
class DenseModel(NativeModel):
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


def model_of(task: Task, batches: Sequence[int], participants: int) -> NativeModel | None:
    """The task as the engine sees it, with batches of these sizes or none; None for tasks it does not know."""
    form, network = task.quadratic(), task.network()
    if form is not None:
        return quadratic_model(task, form)
    if network is not None:
        return _dense(network) if network.form is not None else network_model(network, batches)
    return None if batches else task_model(task, participants)


def quadratic_model(task: Task, form: QuadraticForm) -> QuadraticModel | None:
    """A form with the task's samples, where these are exact or have signs."""
    scales, tensors = sign_scales(task.sampler), {"matrices": form.matrices, "centres": form.centres}
    if scales is None:
        return None
    if not task.sampler.noiseless:
        tensors |= {name: task.whole(name) for name in ("noise_u", "noise_v", "noise_phi")}
    return QuadraticModel(tensors, scales)


def sign_scales(sampler: Sampler) -> tuple[float, float, float] | None:
    """What a sampler says of its signs, unless a subclass changed what they stand for without saying so."""
    definer = {name: next(c for c in type(sampler).__mro__ if name in vars(c)) for name in ("sign_scales", *_OF_SIGNS)}
    own = definer.pop("sign_scales")
    return sampler.sign_scales() if all(issubclass(own, one) for one in definer.values()) else None


def _dense(task: NetworkTask) -> DenseModel | None:
    form = task.form
    if form is None or form.activation not in ("tanh", "identity"):
        return None
    inputs, answers = task.whole("x").flatten(2), task.whole("y")
    answers = answers.to(torch.int64) if form.loss == "cross_entropy" else answers.flatten(2)
    widths = torch.tensor(form.widths, dtype=torch.int64)
    return DenseModel(inputs.contiguous(), answers.contiguous(), widths)
