"""What really happens: Meta-FedAvg, its meta-gradients and its tasks, measured without knowing the theory.

Names are resolved on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics import closed_form, confinement, estimation, factories, layerwise, meta_gradients
    from empirics.agent_samples import AgentData, agent_data
    from empirics.architectures import multilayer_perceptron, small_cnn
    from empirics.constants import Constant
    from empirics.cosine import CosineTask
    from empirics.devices import device
    from empirics.digit_networks import digit_data, digits_network
    from empirics.digits import DigitsTask
    from empirics.errors import DivergedError, Divergence, InputError
    from empirics.fedavg import Run
    from empirics.image_files import read_cifar10, read_emnist, read_idx
    from empirics.logcosh import LogCoshTask
    from empirics.logistic import LogisticTask
    from empirics.meta_gradients import meta_gradient, meta_loss
    from empirics.modes import MODES
    from empirics.network import NetworkTask
    from empirics.noise import Noise
    from empirics.partitions import dirichlet_partition, label_partition
    from empirics.populations import Population, QuadraticPopulation
    from empirics.quadratic import QuadraticTask
    from empirics.randomness import Draws
    from empirics.sampling import Batch, Sampler, Sure
    from empirics.settings import MetaFedAvg
    from empirics.sinusoid import sinusoid_data, sinusoid_regression
    from empirics.spline import SplineTask
    from empirics.task import Task
    from empirics.teacher import teacher_student

_HOMES = {
    "MODES": "modes",
    "AgentData": "agent_samples",
    "Batch": "sampling",
    "Constant": "constants",
    "CosineTask": "cosine",
    "DigitsTask": "digits",
    "DivergedError": "errors",
    "Divergence": "errors",
    "Draws": "randomness",
    "InputError": "errors",
    "LogCoshTask": "logcosh",
    "LogisticTask": "logistic",
    "MetaFedAvg": "settings",
    "NetworkTask": "network",
    "Noise": "noise",
    "Population": "populations",
    "QuadraticPopulation": "populations",
    "QuadraticTask": "quadratic",
    "Run": "fedavg",
    "Sampler": "sampling",
    "SplineTask": "spline",
    "Sure": "sampling",
    "Task": "task",
    "agent_data": "agent_samples",
    "device": "devices",
    "digit_data": "digit_networks",
    "digits_network": "digit_networks",
    "dirichlet_partition": "partitions",
    "label_partition": "partitions",
    "meta_gradient": "meta_gradients",
    "meta_loss": "meta_gradients",
    "multilayer_perceptron": "architectures",
    "read_cifar10": "image_files",
    "read_emnist": "image_files",
    "read_idx": "image_files",
    "sinusoid_data": "sinusoid",
    "sinusoid_regression": "sinusoid",
    "small_cnn": "architectures",
    "teacher_student": "teacher",
}
_MODULES = ("closed_form", "confinement", "estimation", "factories", "layerwise", "meta_gradients")

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
        return import_module(f"empirics.{name}")
    if name in _HOMES:
        return getattr(import_module(f"empirics.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'empirics' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
