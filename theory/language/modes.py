"""The modes: how an agent computes its meta-gradient in one local step, and what that costs (T7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy

from theory.language.algebra import Expr
from theory.language.symbols import D_H, D, D_prime, nu

_NONE = sympy.Integer(0)


@dataclass(frozen=True)
class LocalCost:
    """Counts of one local step of one agent, as expressions in nu, D, D_prime and D_H, or as numbers.

    Full-batch modes count gradients and Hessian-vector products; batch modes count them per sample.
    `memory` is the number of parameter vectors that the step keeps.
    """

    mode: str
    gradients: Expr = _NONE
    hessian_vector_products: Expr = _NONE
    sample_gradients: Expr = _NONE
    sample_hessian_vector_products: Expr = _NONE
    memory: Expr = nu + 2


@dataclass(frozen=True)
class Mode:
    """A way to the meta-gradient: from batches or all data, with Hessians, with probes in their place, or without.

    >>> HESSIAN_FREE.cost.gradients, FIRST_ORDER_STOCHASTIC.cost.sample_gradients
    (3*nu + 1, D*nu + D_prime)
    """

    name: str
    draws: bool = False
    hessians: bool = False
    probes: bool = False

    @property
    def cost(self) -> LocalCost:
        """T7: nu + 1 gradients, per step a Hessian-vector product or two probes; a reverse sweep keeps its path."""
        met = nu * D_H if self.draws else nu  # Hessians, counted per sample where the step draws
        gradients = (nu * D + D_prime if self.draws else nu + 1) + (2 * met if self.probes else 0)
        products = met if self.hessians else _NONE
        memory = nu + 2 if self.hessians or self.probes else sympy.Integer(2)
        counts = (_NONE, _NONE, gradients, products) if self.draws else (gradients, products, _NONE, _NONE)
        return LocalCost(self.name, *counts, memory)

    def __str__(self) -> str:
        return self.name


EXACT = Mode("exact", hessians=True)
STOCHASTIC = Mode("stochastic", draws=True, hessians=True)
FIRST_ORDER = Mode("first_order")
FIRST_ORDER_STOCHASTIC = Mode("first_order_stochastic", draws=True)
HESSIAN_FREE = Mode("hessian_free", probes=True)
HESSIAN_FREE_STOCHASTIC = Mode("hessian_free_stochastic", draws=True, probes=True)

MODES = (EXACT, STOCHASTIC, FIRST_ORDER, FIRST_ORDER_STOCHASTIC, HESSIAN_FREE, HESSIAN_FREE_STOCHASTIC)
MODE_NAMES = tuple(mode.name for mode in MODES)
MODE_OF: Mapping[str, Mode] = dict(zip(MODE_NAMES, MODES, strict=True))
