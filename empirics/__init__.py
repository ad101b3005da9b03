"""What really happens: Meta-FedAvg, its meta-gradients and its tasks, measured without knowing the theory.

Names are resolved on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics import estimation
    from empirics.algorithm import meta_gradients
    from empirics.algorithm.meta_gradients import meta_gradient, meta_loss
    from empirics.algorithm.modes import MODES
    from empirics.certificates import closed_form, confinement
    from empirics.numerics.constants import Constant
    from empirics.numerics.devices import device
    from empirics.numerics.errors import InputError
    from empirics.numerics.randomness import Draws
    from empirics.runs.meta_fedavg import MetaFedAvg
    from empirics.runs.run import DivergedError, Divergence, Run
    from empirics.tasks import factories
    from empirics.tasks.cosine import CosineTask
    from empirics.tasks.datasets.digits import DigitsTask
    from empirics.tasks.datasets.image_files import read_cifar10, read_emnist, read_idx
    from empirics.tasks.datasets.partitions import (
        dirichlet_partition,
        label_partition,
        natural_partition,
        split_statistics,
    )
    from empirics.tasks.datasets.samples import Samples, read_samples
    from empirics.tasks.logcosh import LogCoshTask
    from empirics.tasks.logistic import LogisticTask
    from empirics.tasks.networks import layerwise
    from empirics.tasks.networks.agent_samples import AgentData, agent_data
    from empirics.tasks.networks.architectures import multilayer_perceptron, small_cnn
    from empirics.tasks.networks.digit_networks import digit_data, digits_network
    from empirics.tasks.networks.network import NetworkTask
    from empirics.tasks.networks.sinusoid import sinusoid_data, sinusoid_regression
    from empirics.tasks.networks.teacher import teacher_student
    from empirics.tasks.noise import Noise
    from empirics.tasks.populations import Population, QuadraticPopulation
    from empirics.tasks.quadratic import QuadraticTask
    from empirics.tasks.sampler import AlmostSureBounds, Batch, Sampler
    from empirics.tasks.spline import SplineTask
    from empirics.tasks.task import Task

_HOMES = {
    name: home
    for home, names in {
        "algorithm.meta_gradients": ("meta_gradient", "meta_loss"),
        "algorithm.modes": ("MODES",),
        "numerics.constants": ("Constant",),
        "numerics.devices": ("device",),
        "numerics.errors": ("InputError",),
        "numerics.randomness": ("Draws",),
        "runs.meta_fedavg": ("MetaFedAvg",),
        "runs.run": ("DivergedError", "Divergence", "Run"),
        "tasks.cosine": ("CosineTask",),
        "tasks.datasets.digits": ("DigitsTask",),
        "tasks.datasets.image_files": ("read_cifar10", "read_emnist", "read_idx"),
        "tasks.datasets.partitions": (
            "dirichlet_partition",
            "label_partition",
            "natural_partition",
            "split_statistics",
        ),
        "tasks.datasets.samples": ("Samples", "read_samples"),
        "tasks.logcosh": ("LogCoshTask",),
        "tasks.logistic": ("LogisticTask",),
        "tasks.networks.agent_samples": ("AgentData", "agent_data"),
        "tasks.networks.architectures": ("multilayer_perceptron", "small_cnn"),
        "tasks.networks.digit_networks": ("digit_data", "digits_network"),
        "tasks.networks.network": ("NetworkTask",),
        "tasks.networks.sinusoid": ("sinusoid_data", "sinusoid_regression"),
        "tasks.networks.teacher": ("teacher_student",),
        "tasks.noise": ("Noise",),
        "tasks.populations": ("Population", "QuadraticPopulation"),
        "tasks.quadratic": ("QuadraticTask",),
        "tasks.sampler": ("AlmostSureBounds", "Batch", "Sampler"),
        "tasks.spline": ("SplineTask",),
        "tasks.task": ("Task",),
    }.items()
    for name in names
}
_MODULES = {
    "closed_form": "certificates.closed_form",
    "confinement": "certificates.confinement",
    "estimation": "estimation",
    "factories": "tasks.factories",
    "layerwise": "tasks.networks.layerwise",
    "meta_gradients": "algorithm.meta_gradients",
}

__all__ = [
    "MODES",
    "AgentData",
    "AlmostSureBounds",
    "Batch",
    "Constant",
    "CosineTask",
    "DigitsTask",
    "DivergedError",
    "Divergence",
    "Draws",
    "InputError",
    "LogCoshTask",
    "LogisticTask",
    "MetaFedAvg",
    "NetworkTask",
    "Noise",
    "Population",
    "QuadraticPopulation",
    "QuadraticTask",
    "Run",
    "Sampler",
    "Samples",
    "SplineTask",
    "Task",
    "agent_data",
    "closed_form",
    "confinement",
    "device",
    "digit_data",
    "digits_network",
    "dirichlet_partition",
    "estimation",
    "factories",
    "layerwise",
    "label_partition",
    "meta_gradient",
    "meta_gradients",
    "meta_loss",
    "multilayer_perceptron",
    "natural_partition",
    "read_cifar10",
    "read_emnist",
    "read_idx",
    "read_samples",
    "sinusoid_data",
    "sinusoid_regression",
    "small_cnn",
    "split_statistics",
    "teacher_student",
]


def __getattr__(name: str) -> Any:
    """Import the home of a public name on first use."""
    if name in _MODULES:
        return import_module(f"empirics.{_MODULES[name]}")
    if name in _HOMES:
        return getattr(import_module(f"empirics.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'empirics' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, which completion offers before any of them is imported."""
    return sorted(__all__)
