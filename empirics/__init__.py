"""What really happens: Meta-FedAvg, its meta-gradients and its tasks, measured without knowing the theory.

Names are resolved on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics import closed_form, confinement, factories, meta_gradients
    from empirics.constants import Constant
    from empirics.cosine import CosineTask
    from empirics.devices import device
    from empirics.digits import DigitsTask
    from empirics.errors import DivergedError, Divergence, InputError
    from empirics.fedavg import Run
    from empirics.logcosh import LogCoshTask
    from empirics.logistic import LogisticTask
    from empirics.meta_gradients import meta_gradient, meta_loss
    from empirics.modes import MODES
    from empirics.noise import Noise
    from empirics.quadratic import QuadraticTask
    from empirics.randomness import Draws
    from empirics.sampling import Batch, Sampler, Sure
    from empirics.settings import MetaFedAvg
    from empirics.spline import SplineTask
    from empirics.task import Task

_HOMES = {
    "MODES": "modes",
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
    "Noise": "noise",
    "QuadraticTask": "quadratic",
    "Run": "fedavg",
    "Sampler": "sampling",
    "SplineTask": "spline",
    "Sure": "sampling",
    "Task": "task",
    "device": "devices",
    "meta_gradient": "meta_gradients",
    "meta_loss": "meta_gradients",
}
_MODULES = ("closed_form", "confinement", "factories", "meta_gradients")

__all__ = [
    "MODES",
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
    "Noise",
    "QuadraticTask",
    "Run",
    "Sampler",
    "SplineTask",
    "Sure",
    "Task",
    "closed_form",
    "confinement",
    "device",
    "factories",
    "meta_gradient",
    "meta_gradients",
    "meta_loss",
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
