"""An arm of the study: how agents compute their meta-gradient, and what that costs by T7."""

from __future__ import annotations

from dataclasses import dataclass

import theory
from empirics.algorithm.modes import MODES, Mode
from reports.figures.modes import mode_letters
from reports.plans.studies import PersonalisationPlan

BUDGETS = {"communication": "equal communication", "compute": "equal compute"}

GRID = (0, 1, 2, 4, 7, 10, 15, 20, 30, 45, 70, 100, 150, 220, 330, 500, 750, 1000, 1500, 2200, 3300)


@dataclass(frozen=True)
class Arm:
    """A mode, or its name, and fine-tuning steps in training; nu = 0 is FedAvg, nu = 1 exact is Per-FedAvg."""

    mode: Mode
    nu: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", Mode(self.mode))

    @property
    def name(self) -> str:
        """Short and readable.

        >>> Arm("exact", 0).name, Arm("exact", 3).name, Arm("first_order", 5).name
        ('FedAvg', 'ν = 3', 'FO, ν = 5')
        """
        if self.nu == 0:
            return "FedAvg"
        return f"ν = {self.nu}" if self.mode is Mode.EXACT else f"{mode_letters(self.mode)}, ν = {self.nu}"

    @property
    def place(self) -> tuple[int, int]:
        """What arms are sorted by: the mode, then the steps."""
        return MODES.index(self.mode), self.nu

    @property
    def gradients(self) -> int:
        """Gradients of one local step of one agent, by T7."""
        return int(theory.costs(self.mode, self.nu).gradients)

    @property
    def products(self) -> int:
        """Hessian-vector products of one local step of one agent, by T7."""
        return int(theory.costs(self.mode, self.nu).hessian_vector_products)

    def price(self, product_price: float) -> float:
        """Cost of one local step in gradients, when one Hessian-vector product costs so many of them."""
        return self.gradients + product_price * self.products


def arms(plan: PersonalisationPlan) -> list[Arm]:
    """Every exact arm, then the first-order and the Hessian-free ones."""
    exact = [Arm(Mode.EXACT, nu) for nu in sorted(plan.nus)]
    approximate = (Mode.FIRST_ORDER, Mode.HESSIAN_FREE)
    return exact + [Arm(mode, nu) for mode in approximate for nu in sorted(plan.approximate)]


def rounds_of(arm: Arm, plan: PersonalisationPlan) -> dict[str, int]:
    """Rounds of an arm under equal communication and under equal compute.

    Equal compute is the budget of the exact mode with plan.budget_nu steps and plan.rounds rounds; every arm gets the
    whole rounds that it pays for.

    >>> plan = PersonalisationPlan(kind="personalisation", levels=[{"name": "mild", "labels": 2}])
    >>> rounds_of(Arm("exact", 0), plan), rounds_of(Arm("exact", 10), plan)
    ({'communication': 100, 'compute': 1000}, {'communication': 100, 'compute': 32})
    """
    budget = Arm(Mode.EXACT, plan.budget_nu).price(plan.product_price) * plan.rounds
    return {"communication": plan.rounds, "compute": max(1, int(budget / arm.price(plan.product_price)))}


def checkpoints(arm: Arm, plan: PersonalisationPlan) -> list[int]:
    """Rounds after which an arm is tested: a grid that thins out, and the ends of both budgets."""
    ends = rounds_of(arm, plan).values()
    return sorted({k for k in GRID if k <= max(ends)} | set(ends))
