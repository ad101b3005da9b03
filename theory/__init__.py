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
    from theory.enclosure.evaluation import Evaluation
    from theory.enclosure.hypotheses import HypothesisCheck
    from theory.growth import Exponent, exponents
    from theory.language.errors import Inadmissible, InputError, RecordError
    from theory.language.modes import LocalCost
    from theory.planning import costs
    from theory.sharp.sharpening import Sharpened, sharpen
    from theory.tables import bound, bounds, default_table, quantities, quantity, round_case, with_records
    from theory.views import Bound, Quantity

_HOME = {
    name: module
    for module, names in {
        "admissibility": "Largest admissible",
        "enclosure.evaluation": "Evaluation",
        "enclosure.hypotheses": "HypothesisCheck",
        "growth": "Exponent exponents",
        "language.errors": "Inadmissible InputError RecordError",
        "language.modes": "LocalCost MODES MODE_NAMES",
        "planning": "costs",
        "sharp.sharpening": "Sharpened sharpen",
        "tables": "bound bounds default_table quantities quantity round_case with_records",
        "views": "Bound Quantity",
    }.items()
    for name in names.split()
}

__all__ = [
    "Bound", "Evaluation", "Exponent", "HypothesisCheck", "Inadmissible", "InputError", "Largest", "LocalCost",
    "Quantity", "RecordError", "Sharpened", "admissible", "bound", "bounds", "costs", "default_table", "exponents",
    "quantities", "quantity", "round_case", "sharpen", "with_records",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'theory' has no attribute {name!r}")
    value = getattr(import_module(f"theory.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
