"""Populations through the compiled engine: the participants of a round are made, and handed over as a stored task."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from empirics.backend import Backend
from empirics.native.engine import NativeBackend
from empirics.native.library import library
from empirics.native.problems import QuadraticProblem
from empirics.populations import Population, QuadraticPopulation
from empirics.randomness import Draws, participants
from empirics.settings import MetaFedAvg
from empirics.task import Task


def on_demand_backend(settings: MetaFedAvg, task: Task) -> OnDemandBackend | None:
    """The compiled engine for a quadratic population of which some agents take part, where it is installed."""
    few = type(task) is QuadraticPopulation and settings.participants_of(task.n) < task.n
    return OnDemandBackend() if few and library() is not None else None


class OnDemandBackend(Backend):
    """Rounds of a quadratic population: participants drawn and made by torch, local steps by the compiled engine."""

    name = "native on demand"

    @torch.no_grad()
    def rounds(
        self, settings: MetaFedAvg, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """One round after another; nothing is computed from an iterate that is not finite."""
        assert isinstance(task, Population)
        iterates = torch.full((len(w), count, task.d), torch.nan, dtype=task.dtype)
        number, everybody = settings.participants_of(task.n), replace(settings, participants=None)
        for place in range(count):
            index = first + place
            present = participants(Draws(seed, index, 0, replicas), task.n, number)
            after = torch.empty_like(w)
            for row in range(len(w)):
                one = slice(row, row + 1)
                made = task.select(present[one])
                problem = QuadraticProblem(
                    {"matrices": made.parameter("A")[0], "centres": made.parameter("c")[0]}, (0.0, 0.0, 1.0)
                )
                engine = NativeBackend(problem)
                after[one] = engine.rounds(everybody, made, w[one], index, 1, seed, replicas[one])[:, 0]
            iterates[:, place] = w = after
            if not bool(torch.isfinite(w).all()):
                break
        return iterates
