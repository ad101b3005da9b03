"""Meta-FedAvg as frozen data: everything that describes a run except the task, the start and the seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from empirics.algorithm.modes import BatchSizes, Mode, check_mode
from empirics.algorithm.sampling import Sampling, exact_weights
from empirics.numerics.checks import choice, integer, real
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
    sampling: str = Sampling.SUBSET
    weights: Any = None  # `Weights`, once checked
    server_step: float = 1.0

    def __post_init__(self) -> None:
        """Refuse bad input before any work."""
        checked: dict[str, Any] = {
            "alpha": real("alpha", self.alpha, at_least=0),
            "nu": integer("nu", self.nu, at_least=0),
            "beta": real("beta", self.beta, above=0),
            "tau": integer("tau", self.tau, at_least=1),
            "sampling": Sampling(choice("sampling", self.sampling, tuple(Sampling))),
            "weights": None if self.weights is None else exact_weights(self.weights),
            "server_step": real("server_step", self.server_step, above=0),
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
        """m of a task of n agents: how many results a round averages.

        Raises:
            InputError: the task has too few agents, another number than there are weights, or the sampling does not
                do what participants or weights ask for.
        """
        count = self.participants or n
        if self.sampling != Sampling.REPLACEMENT and count > n:
            raise InputError(f"participants = {count}: expected at most the task's {n} agents")
        if self.sampling == Sampling.FULL and count < n:
            raise InputError(
                f"participants = {count}: sampling = 'full' takes all {n} agents; "
                "leave participants out, or choose another sampling"
            )
        if self.weights is not None and len(self.weights) != n:
            raise InputError(f"weights has {len(self.weights)} entries: expected {n}, one an agent of the task")
        if self.weights is not None and self.sampling == Sampling.SUBSET and count < n:
            raise InputError(
                f"weights with participants = {count} of {n}: a subset is drawn with equal weights; "
                "choose sampling = 'replacement', or 'full' without participants"
            )
        return count

    def everybody(self) -> Self:
        """The same with every agent taking part in every round."""
        return replace(self, sampling=Sampling.FULL, participants=None)

    def draws_agents(self, n: int) -> bool:
        """Whether the participants of a round are drawn; else every agent takes part once."""
        return self.sampling == Sampling.REPLACEMENT or self.participants_of(n) < n
