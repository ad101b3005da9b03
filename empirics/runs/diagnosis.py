"""Where a run left the finite numbers: the round is repeated, and every vector in it looked at."""

from __future__ import annotations

import torch
from torch import Tensor

from empirics.algorithm.one_round import one_round
from empirics.algorithm.participation import taking_part
from empirics.algorithm.settings import Settings
from empirics.numerics.randomness import Draws
from empirics.runs.run import Divergence
from empirics.tasks.task import Task


class _NotFiniteError(Exception):
    """Carries the first non-finite vector out of a watched round."""


def diagnose(
    settings: Settings, task: Task, w: Tensor, index: int, seed: int, replicas: Tensor, after: Tensor
) -> Divergence:
    """Repeat a round that ended non-finite in `after`, and find the first vector that was not finite.

    A round is a pure function of its inputs, so an ordinary run need not look at every vector it makes. Only the
    average can be blamed when every vector is finite in torch's order of summation.
    """
    step = 0

    def watch(term: str, vector: Tensor) -> None:
        nonlocal step
        bad = (~torch.isfinite(vector)).any(dim=-1)
        if bool(bad.any()):
            replica, place = (int(i) for i in torch.nonzero(bad)[0])
            raise _NotFiniteError(term, replica, place)
        step += term == "local iterate"

    try:
        one_round(settings, task, w, index, seed, replicas, watch)
    except _NotFiniteError as found:
        term, replica, place = found.args
        drawn = taking_part(settings, Draws(seed, index, 0, replicas), task.n)
        agent = place if drawn is None else int(drawn[replica, place])
        return Divergence(agent, int(replicas[replica]), index, step, term)
    replica = int(torch.nonzero((~torch.isfinite(after)).any(dim=-1))[0, 0])
    return Divergence(None, int(replicas[replica]), index, None, "average")
