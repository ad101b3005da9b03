"""What a run leaves, and what says that it left the finite numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from empirics.algorithm.meta_gradients import fine_tuning
from empirics.algorithm.settings import Settings
from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError
from empirics.numerics.shown import html_table
from empirics.tasks.task import Task


@dataclass(frozen=True)
class Divergence:
    """Where a run first left the finite numbers.

    `round` and `local_step` count from 0; `term` names the first vector that was not finite (a trajectory point
    w^l, the outer gradient, the vector of the reverse sweep after factor l, the local iterate, or the average).
    `agent` is None only for the average, which belongs to no single agent.
    """

    agent: int | None
    replica: int
    round: int
    local_step: int | None
    term: str

    def __str__(self) -> str:
        """One line for people, with every coordinate of the event."""
        agent = "the average of the agents" if self.agent is None else f"agent {self.agent}"
        step = "" if self.local_step is None else f", local step {self.local_step}"
        return f"{self.term} of {agent} is not finite in replica {self.replica}, round {self.round}{step}"


@dataclass(frozen=True, eq=False)
class Run:
    """What a run leaves: server iterates (replicas, kept rounds, d) on the CPU, and all that is needed to repeat it.

    `chunk` is the number of replicas that shared a batch and `backend` names what computed the rounds; `diverged` is
    None unless the run was cut short. `kept` lists the rounds whose iterates are there (round 0 is the start), by
    default every one. `precision` says whether float32 products were full ("ieee") or TF32, and `notes` whatever
    else happened on the way. `local_averages` (replicas, rounds, tau, d), where they were asked for, holds the means of
    all n agents after t = 0 .. tau - 1 local steps of every round.
    """

    iterates: Tensor
    settings: Settings
    seed: int
    chunk: int
    device: str
    diverged: Divergence | None = None
    backend: str = "torch"
    kept: tuple[int, ...] = ()
    precision: str = "ieee"
    notes: tuple[str, ...] = ()
    recheck: Callable[[Tensor], float] | None = None
    local_averages: Tensor | None = None

    @property
    def replicas(self) -> int:
        """Number of independent replicas."""
        return self.iterates.shape[0]

    @property
    def rounds(self) -> int:
        """Number of rounds that the iterates cover."""
        return self.kept[-1] if self.kept else self.iterates.shape[1] - 1

    @cached_property
    def error_estimate(self) -> float | None:
        """Of a float32 run, how far the kept iterates of its first replica are from those of float64.

        The largest norm of the difference; None for float64 runs, and for a run that came from another process
        before it was asked. Computed on first use, by running that replica again: an estimate, not a bound.
        """
        return None if self.recheck is None else self.recheck(self.iterates)

    @torch.no_grad()
    def personalise(self, task: Task, nu: int, alpha: float) -> Tensor:
        """Every agent's own model (replicas, n, d): the last iterate after nu full-batch steps of size alpha.

        task: the agents that fine-tune, those of the run or new ones, with d parameters. What the models are worth
        there, `task.loss` and `task.predict` say.

        Raises:
            InputError: another d, nu < 0 or alpha that is no number.

        >>> from empirics import MetaFedAvg, QuadraticTask
        >>> run = MetaFedAvg(0.0, 0, beta=0.5, tau=1).run(QuadraticTask(A=[[[1.0]]], c=[[0.0]]), [8.0], rounds=1)
        >>> new = QuadraticTask(A=[[[1.0]], [[1.0]]], c=[[4.0], [0.0]])  # run ends at 4; a step halves the way to c
        >>> run.personalise(new, nu=1, alpha=0.5).tolist()
        [[[4.0], [2.0]]]
        """
        nu, alpha = integer("nu", nu, at_least=0), real("alpha", alpha)
        last = self.iterates[:, -1]
        if last.shape[-1] != task.d:
            raise InputError(f"task has d = {task.d}: expected {last.shape[-1]}, that of the run")
        points, _ = task.as_points(last[:, None].expand(-1, task.n, -1))
        return fine_tuning(task, points.contiguous(), alpha, nu)[-1].cpu()

    def _repr_html_(self) -> str:
        """What was run and how it ended, as a notebook shows it."""
        facts = {"replicas": self.replicas, "rounds": self.rounds, "d": self.iterates.shape[-1], "seed": self.seed}
        end = "finite" if self.diverged is None else str(self.diverged)
        return html_table(f"Run by {self.backend}", [*facts.items(), ("settings", self.settings), ("end", end)])

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the task that a recheck holds on to."""
        return {**self.__dict__, "recheck": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Fill a frozen instance."""
        self.__dict__.update(state)


class DivergedError(ArithmeticError):
    """A run met a non-finite iterate; `divergence` says where and `partial` holds the finite rounds before it."""

    def __init__(self, divergence: Divergence, partial: Run) -> None:
        """Keep the event and the part of the run that is finite in every replica."""
        super().__init__(f"the run diverged: {divergence}; use smaller steps alpha or beta, or fewer rounds")
        self.divergence = divergence
        self.partial = partial

    def __reduce__(self) -> tuple[type[DivergedError], tuple[Divergence, Run]]:
        """Rebuild from both parts, so that a worker process can hand the error over."""
        return type(self), (self.divergence, self.partial)
