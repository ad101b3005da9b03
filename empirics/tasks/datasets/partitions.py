"""Labelled samples dealt to agents: by Dirichlet proportions, or by k labels an agent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from empirics.numerics.checks import integer, real
from empirics.numerics.errors import InputError

_ATTEMPTS = 1000

Partition = list[np.ndarray]


def dirichlet_partition(
    labels: np.ndarray,
    agents: int,
    concentration: float,
    *,
    seed: int = 0,
    classes: Sequence[int] | None = None,
    at_least: int = 10,
) -> Partition:
    """Sample indices of each agent: every class is cut at the cumulated proportions of its own Dirichlet draw.

    Small concentrations give agents with few classes. Proportions are drawn again until every agent has `at_least`
    samples. Samples of a class are dealt in a random order, drawn after the proportions, so that sizes depend on
    proportions only.

    Args:
        labels: (samples,) integers.
        agents: number of agents.
        concentration: Dirichlet parameter > 0, the same for all agents.
        seed: seed of numpy's default generator.
        classes: labels to deal, in this order; default all that occur, ascending.
        at_least: samples that every agent must have.

    Raises:
        InputError: bad input, or no draw out of 1000 gave every agent that many samples.

    >>> parts = dirichlet_partition(np.repeat([0, 1], 50), 3, 0.5)
    >>> sum(len(part) for part in parts), min(len(part) for part in parts) >= 10
    (100, True)
    """
    labels, classes, agents = _labels(labels, classes, agents)
    concentration = real("concentration", concentration, above=0)
    generator = np.random.default_rng(integer("seed", seed, at_least=0))
    members = [np.flatnonzero(labels == label) for label in classes]
    for _ in range(_ATTEMPTS):
        shares = generator.dirichlet(np.full(agents, concentration), size=len(members))
        cuts = [(np.cumsum(share) * len(own)).astype(int)[:-1] for share, own in zip(shares, members, strict=True)]
        sizes = sum(np.diff([0, *cut, len(own)]) for cut, own in zip(cuts, members, strict=True))
        if np.min(sizes) >= at_least:
            break
    else:
        raise InputError(
            f"agents = {agents}, concentration = {concentration:g}: no split gave every agent {at_least} samples in "
            f"{_ATTEMPTS} draws; expected fewer agents or a larger concentration"
        )
    pieces = [np.split(generator.permutation(own), cut) for cut, own in zip(cuts, members, strict=True)]
    return [np.concatenate([piece[agent] for piece in pieces]) for agent in range(agents)]


def label_partition(labels: np.ndarray, agents: int, per_agent: int, *, seed: int = 0) -> Partition:
    """Sample indices of agents that hold `per_agent` labels each; a label's holders share its samples evenly.

    Labels are put in a random order and handed out in turn, so that their numbers of holders differ by one at most;
    a label that no agent holds (agents * per_agent below the number of labels) is not used.

    Raises:
        InputError: bad input, or a label with fewer samples than holders.

    >>> parts = label_partition(np.repeat([0, 1, 2], 4), 3, 2)
    >>> [len(part) for part in parts], [len(set(np.repeat([0, 1, 2], 4)[part])) for part in parts]
    ([4, 4, 4], [2, 2, 2])
    """
    labels, classes, agents = _labels(labels, None, agents)
    per_agent = integer("per_agent", per_agent, at_least=1)
    if per_agent > len(classes):
        raise InputError(f"per_agent = {per_agent}: expected at most the {len(classes)} labels that occur")
    generator = np.random.default_rng(integer("seed", seed, at_least=0))
    order = generator.permutation(classes)
    held = [[order[(agent * per_agent + k) % len(order)] for k in range(per_agent)] for agent in range(agents)]
    parts: list[list[np.ndarray]] = [[] for _ in range(agents)]
    for label in order:
        holders = [agent for agent in range(agents) if label in held[agent]]
        own = generator.permutation(np.flatnonzero(labels == label))
        if len(own) < len(holders):
            raise InputError(f"label {label} has {len(own)} samples: expected at least one for each of its holders")
        for agent, piece in zip(holders, np.array_split(own, len(holders) or 1), strict=False):
            parts[agent].append(piece)
    return [np.concatenate(pieces) for pieces in parts]


def _labels(labels: Any, classes: Sequence[int] | None, agents: int) -> tuple[np.ndarray, list[int], int]:
    values = np.asarray(labels)
    if values.ndim != 1 or values.dtype.kind not in "iu" or not len(values):
        raise InputError(f"labels has shape {values.shape}, {values.dtype}: expected integers (samples,)")
    found = sorted(int(label) for label in np.unique(values))
    return values, found if classes is None else list(classes), integer("agents", agents, at_least=1)
