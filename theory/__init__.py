"""What the constants are: every quantity and bound of the theory, symbolic, exact and with its proof.

Names are loaded on first use, so that importing the package costs nothing.

>>> import theory
>>> theory.quantity("L_F").value(alpha=1, L=1, rho="1/2", B=3, nu=1)
5.5
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from theory.admissibility import Largest, admissible
    from theory.errors import Inadmissible, InputError
    from theory.evaluation import Evaluation
    from theory.growth import Exponent, exponents
    from theory.hypotheses import HypothesisCheck
    from theory.planning import LocalCost, costs
    from theory.statements import Bound
    from theory.tables import Quantity, bound, bounds, default_table, quantities, quantity, round_case

_HOME = {
    "Exponent": "growth",
    "Largest": "admissibility",
    "LocalCost": "planning",
    "admissible": "admissibility",
    "costs": "planning",
    "exponents": "growth",
    "Bound": "statements",
    "Evaluation": "evaluation",
    "HypothesisCheck": "hypotheses",
    "Inadmissible": "errors",
    "InputError": "errors",
    "Quantity": "tables",
    "bound": "tables",
    "bounds": "tables",
    "default_table": "tables",
    "quantities": "tables",
    "quantity": "tables",
    "round_case": "tables",
}

__all__ = [
    "Bound",
    "Evaluation",
    "Exponent",
    "HypothesisCheck",
    "Inadmissible",
    "InputError",
    "Largest",
    "LocalCost",
    "Quantity",
    "admissible",
    "bound",
    "bounds",
    "costs",
    "default_table",
    "exponents",
    "quantities",
    "quantity",
    "round_case",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'theory' has no attribute {name!r}")
    value = getattr(import_module(f"theory.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
