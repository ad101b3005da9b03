"""Meta-FedAvg as frozen data: everything that describes a run except the task, the start and the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from empirics.algorithm.modes import BatchSizes, Mode, check_mode
from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError


@dataclass(frozen=True)
class Settings:
    """Settings of Meta-FedAvg; `empirics.MetaFedAvg` is these and `run`, and says what each of them is."""

    alpha: float
    nu: int
    beta: float
    tau: int
    participants: int | None = None
    mode: str = Mode.EXACT
    D: int | None = None
    D_prime: int | None = None
    D_H: int | None = None
    delta: float | None = None
    chunk: int | None = None

    def __post_init__(self) -> None:
        """Refuse bad input before any work."""
        checked: dict[str, Any] = {
            "alpha": real("alpha", self.alpha, at_least=0),
            "nu": integer("nu", self.nu, at_least=0),
            "beta": real("beta", self.beta, above=0),
            "tau": integer("tau", self.tau, at_least=1),
        }
        for name in ("participants", "chunk"):
            if getattr(self, name) is not None:
                checked[name] = integer(name, getattr(self, name), at_least=1)
        given = (self.D, self.D_prime, self.D_H)
        batches = None if given == (None, None, None) else given
        checked["mode"], checked["delta"], sizes = check_mode(self.mode, self.delta, batches)
        if sizes is not None:
            checked["D"], checked["D_prime"] = sizes[:2]
            checked["D_H"] = None if self.D_H is None else sizes[2]
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def sizes(self) -> BatchSizes | None:
        """(D, D_prime, D_H) in a stochastic mode, else None."""
        if self.D is None or self.D_prime is None:
            return None
        return self.D, self.D_prime, self.D_H or 1

    def participants_of(self, n: int) -> int:
        """m, refused when it exceeds the number of agents."""
        if self.participants is not None and self.participants > n:
            raise InputError(f"participants = {self.participants}: expected at most the task's {n} agents")
        return self.participants or n
