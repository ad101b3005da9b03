"""Is my meta-gradient right? Properties that every correct implementation has, to run on your own code.

`check_meta_gradient`, `check_stochastic` and `check_round` take a function of yours, for tensors or arrays of
torch, NumPy or JAX, and test it on generated losses against answers found by other routes. Needs hypothesis; replaying
a failure does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics.testing.adapter import on_episodes, on_modules
    from empirics.testing.agent import Problem, SupportQuery
    from empirics.testing.arrays import WrongResultError
    from empirics.testing.cases import Case
    from empirics.testing.checkers import Report, check_meta_gradient, check_round, check_stochastic
    from empirics.testing.failure import CheckFailedError, Failure
    from empirics.testing.jax_adapter import on_jax, on_jax_episodes
    from empirics.testing.known_constants import as_task, constants_of
    from empirics.testing.modules import ModuleProblem, module_problem
    from empirics.testing.network_problem import Network
    from empirics.testing.problems import Quadratic, Ridge
    from empirics.testing.rounds import RoundCase, RoundSetting
    from empirics.testing.sampled import SampledCase, Samples
    from empirics.testing.tables import replay

_HOMES = {
    name: home
    for home, names in {
        "adapter": ("on_episodes", "on_modules"),
        "agent": ("Problem", "SupportQuery"),
        "arrays": ("WrongResultError",),
        "cases": ("Case",),
        "checkers": ("Report", "check_meta_gradient", "check_round", "check_stochastic"),
        "failure": ("CheckFailedError", "Failure"),
        "jax_adapter": ("on_jax", "on_jax_episodes"),
        "known_constants": ("as_task", "constants_of"),
        "modules": ("ModuleProblem", "module_problem"),
        "network_problem": ("Network",),
        "problems": ("Quadratic", "Ridge"),
        "rounds": ("RoundCase", "RoundSetting"),
        "sampled": ("SampledCase", "Samples"),
        "tables": ("replay",),
    }.items()
    for name in names
}

__all__ = [
    "Case",
    "CheckFailedError",
    "Failure",
    "ModuleProblem",
    "Network",
    "Problem",
    "Quadratic",
    "Report",
    "Ridge",
    "RoundCase",
    "RoundSetting",
    "SampledCase",
    "Samples",
    "SupportQuery",
    "WrongResultError",
    "as_task",
    "check_meta_gradient",
    "check_round",
    "check_stochastic",
    "constants_of",
    "module_problem",
    "on_episodes",
    "on_jax",
    "on_jax_episodes",
    "on_modules",
    "replay",
]


def __getattr__(name: str) -> Any:
    """Import the home of a public name on first use."""
    if name in _HOMES:
        return getattr(import_module(f"empirics.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'empirics.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, which completion offers before any of them is imported."""
    return sorted(__all__)
