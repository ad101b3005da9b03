"""Meta-FedAvg as frozen data: everything that describes a run except the task, the start and the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from empirics.checks import integer, real
from empirics.errors import InputError
from empirics.modes import Sizes, check_mode

if TYPE_CHECKING:
    from empirics.fedavg import Run
    from empirics.task import Task


@dataclass(frozen=True)
class MetaFedAvg:
    r"""Meta-FedAvg (arXiv 2504.21327): in every round each participant takes tau local steps w <- w - beta g_i(w).

    The server draws m participants uniformly without replacement and averages their results.

    Args:
        alpha: fine-tuning step >= 0, in [W^2/F].
        nu: fine-tuning steps >= 0; nu = 0 is FedAvg, nu = 1 is Per-FedAvg.
        beta: meta step > 0, in [W^2/F].
        tau: local steps a round, >= 1.
        participants: m, 1 <= m <= n; default all agents.
        mode: one of `empirics.MODES`.
        D, D_prime, D_H: batch sizes of inner gradients, outer gradient and Hessians; stochastic modes only.
        delta: probe step > 0; Hessian-free modes only.
        chunk: replicas a batch; default as many as a measured local step shows to fit into 256 MB (on a GPU into
            half of its memory). Iterates are bit-identical for equal device, chunk and backend, otherwise equal
            within 1e-10 (1 + norm) in float64.

    Raises:
        InputError: bad input, an option that the mode lacks, or one that it has no use for.

    >>> from empirics import QuadraticTask
    >>> task = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[1.0], [-1.0]])
    >>> run = MetaFedAvg(alpha=0.0, nu=0, beta=0.5, tau=1).run(task, [8.0], rounds=2)
    >>> run.iterates.flatten().tolist()
    [8.0, 4.0, 2.0]
    """

    alpha: float
    nu: int
    beta: float
    tau: int
    participants: int | None = None
    mode: str = "exact"
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
    def sizes(self) -> Sizes | None:
        """(D, D_prime, D_H) in a stochastic mode, else None."""
        if self.D is None or self.D_prime is None:
            return None
        return self.D, self.D_prime, self.D_H or 1

    def participants_of(self, n: int) -> int:
        """m, refused when it exceeds the number of agents."""
        if self.participants is not None and self.participants > n:
            raise InputError(f"participants = {self.participants}: expected at most the task's {n} agents")
        return self.participants or n

    def run(self, task: Task, w0: Any, rounds: int, *, seed: int = 0, replicas: int = 1) -> Run:
        """`rounds` rounds from w0, (d,) or (replicas, d), in independent replicas.

        Raises:
            InputError: bad input.
            DivergedError: an iterate was not finite; the message names agent, replica, round, local step and term.
        """
        from empirics.fedavg import run

        return run(self, task, w0, rounds, seed=seed, replicas=replicas)
