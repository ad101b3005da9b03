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
    from empirics.tasks.datasets.partitions import dirichlet_partition, label_partition
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
    from empirics.tasks.sampler import Batch, Sampler, Sure
    from empirics.tasks.spline import SplineTask
    from empirics.tasks.task import Task

_HOMES = {
    "MODES": "algorithm.modes",
    "AgentData": "tasks.networks.agent_samples",
    "Batch": "tasks.sampler",
    "Constant": "numerics.constants",
    "CosineTask": "tasks.cosine",
    "DigitsTask": "tasks.datasets.digits",
    "DivergedError": "runs.run",
    "Divergence": "runs.run",
    "Draws": "numerics.randomness",
    "InputError": "numerics.errors",
    "LogCoshTask": "tasks.logcosh",
    "LogisticTask": "tasks.logistic",
    "MetaFedAvg": "runs.meta_fedavg",
    "NetworkTask": "tasks.networks.network",
    "Noise": "tasks.noise",
    "Population": "tasks.populations",
    "QuadraticPopulation": "tasks.populations",
    "QuadraticTask": "tasks.quadratic",
    "Run": "runs.run",
    "Sampler": "tasks.sampler",
    "SplineTask": "tasks.spline",
    "Sure": "tasks.sampler",
    "Task": "tasks.task",
    "agent_data": "tasks.networks.agent_samples",
    "device": "numerics.devices",
    "digit_data": "tasks.networks.digit_networks",
    "digits_network": "tasks.networks.digit_networks",
    "dirichlet_partition": "tasks.datasets.partitions",
    "label_partition": "tasks.datasets.partitions",
    "meta_gradient": "algorithm.meta_gradients",
    "meta_loss": "algorithm.meta_gradients",
    "multilayer_perceptron": "tasks.networks.architectures",
    "read_cifar10": "tasks.datasets.image_files",
    "read_emnist": "tasks.datasets.image_files",
    "read_idx": "tasks.datasets.image_files",
    "sinusoid_data": "tasks.networks.sinusoid",
    "sinusoid_regression": "tasks.networks.sinusoid",
    "small_cnn": "tasks.networks.architectures",
    "teacher_student": "tasks.networks.teacher",
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
    "SplineTask",
    "Sure",
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
    "read_cifar10",
    "read_emnist",
    "read_idx",
    "sinusoid_data",
    "sinusoid_regression",
    "small_cnn",
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
    """The public names."""
    return sorted(__all__)
