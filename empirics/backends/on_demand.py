"""Populations through the compiled engine: the participants of a round are made, and handed over as a stored task."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from empirics.algorithm.participation import taking_part
from empirics.algorithm.settings import Settings
from empirics.backends.backend import Backend
from empirics.backends.native.engine import NativeBackend
from empirics.backends.native.library import library
from empirics.backends.native.models import quadratic_model
from empirics.numerics.randomness import Draws
from empirics.tasks.task import Task


def on_demand_backend(settings: Settings, task: Task) -> OnDemandBackend | None:
    """The compiled engine for a quadratic population of which some agents take part, where it is installed."""
    if library() is None or not task.on_demand or not settings.draws_agents(task.n):
        return None
    one = task.select(torch.zeros((1, 1), dtype=torch.int64))
    return OnDemandBackend() if one.quadratic() is not None else None


class OnDemandBackend(Backend):
    """Rounds of a quadratic population: participants drawn and made by torch, local steps by the compiled engine."""

    name = "native on demand"

    @torch.no_grad()
    def rounds(
        self, settings: Settings, task: Task, w: Tensor, first: int, count: int, seed: int, replicas: Tensor
    ) -> Tensor:
        """One round after another; nothing is computed from an iterate that is not finite."""
        iterates = torch.full((len(w), count, task.d), torch.nan, dtype=task.dtype)
        # equal weights of those who were drawn: the draws followed the agents' own
        everybody = replace(settings.everybody(), weights=None)
        for place in range(count):
            index = first + place
            present = taking_part(settings, Draws(seed, index, 0, replicas), task.n)
            assert present is not None  # some agents are drawn, or this backend would not serve the run
            after = torch.empty_like(w)
            for row in range(len(w)):
                one = slice(row, row + 1)
                made = task.select(present[one])
                form = made.quadratic()
                assert form is not None  # one selection of a population of quadratics
                model = quadratic_model(made, form)
                assert model is not None  # populations have no noise
                engine = NativeBackend(model)
                after[one] = engine.rounds(everybody, made, w[one], index, 1, seed, replicas[one])[:, 0]
            iterates[:, place] = w = after
            if not bool(torch.isfinite(w).all()):
                break
        return iterates
