"""Who takes part in a round of given settings, which batches they get, and what the server makes of their results."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from empirics.algorithm.sampling import Sampling
from empirics.algorithm.settings import Settings
from empirics.numerics.randomness import Draws, drawn_with_replacement, participants


def taking_part(settings: Settings, draws: Draws, n: int) -> Tensor | None:
    """The agents (R, m) whose results are averaged, one that is drawn twice twice; None where it is each of them once.

    >>> from empirics import MetaFedAvg
    >>> four = MetaFedAvg(0.0, 0, 0.5, 1, participants=4, sampling="replacement", weights=["1/8", "7/8"])
    >>> taking_part(four, Draws(0, 0, 0, torch.arange(2)), 2)
    tensor([[1, 1, 1, 1],
            [0, 1, 0, 1]])
    """
    if not settings.draws_agents(n):
        return None
    count = settings.participants_of(n)
    if settings.sampling != Sampling.REPLACEMENT:
        return participants(draws, n, count)
    thresholds = None if settings.weights is None else settings.weights.thresholds(draws.replicas.device)
    return drawn_with_replacement(draws, n, count, thresholds)


def with_slots(settings: Settings, draws: Draws, count: int) -> Draws:
    """The draws of the batches of a step: with replacement every draw of an agent has its own."""
    if settings.sampling != Sampling.REPLACEMENT:
        return draws
    return replace(draws, slots=torch.arange(count, device=draws.replicas.device))


def average(settings: Settings, results: Tensor) -> Tensor:
    """The mean (R, d) of the results (R, m, d) of a round; of all agents with weights sum_i p_i results_i.

    Draws with replacement follow the weights already, so their mean is the plain one.
    """
    if settings.weights is None or settings.sampling == Sampling.REPLACEMENT:
        return results.mean(dim=1)
    return (settings.weights.floats(results.dtype, results.device).unsqueeze(-1) * results).sum(dim=1)


def server_iterates(settings: Settings, w: Tensor, mean: Tensor) -> Tensor:
    """C3: w_{k+1} = w_k + beta_s (mean - w_k), mean that of the participants; the mean itself at beta_s = 1."""
    if settings.server_step == 1:
        return mean
    return torch.add(w, mean - w, alpha=settings.server_step)
