"""Labelled samples dealt to agents: by Dirichlet proportions, by k labels an agent, or as they are held."""

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


def natural_partition(agent: np.ndarray, *, at_least: int = 2) -> dict[Any, np.ndarray]:
    """Sample indices of each agent that holds `at_least` samples, by its name, in the order of the names.

    Args:
        agent: (samples,) who holds each: integers or texts.
        at_least: agents with fewer samples are left out.

    Raises:
        InputError: not one name a sample, or no agent has so many.

    >>> {name: part.tolist() for name, part in natural_partition(np.array(["b", "a", "b", "c", "a"])).items()}
    {'a': [1, 4], 'b': [0, 2]}
    """
    names = np.asarray(agent)
    if names.ndim != 1 or not len(names):
        raise InputError(f"agent has shape {names.shape}: expected one name a sample")
    found, place = np.unique(names, return_inverse=True)
    parts = {name: np.flatnonzero(place == number) for number, name in enumerate(found.tolist())}
    kept = {name: part for name, part in parts.items() if len(part) >= at_least}
    if not kept:
        most = max(len(part) for part in parts.values())
        raise InputError(f"the largest of {len(parts)} agents has {most} samples: expected one with {at_least}")
    return kept


def split_statistics(labels: Sequence[np.ndarray]) -> dict[str, float]:
    """How unlike the labels of agents are: (agents) arrays of labels -> sizes, labels an agent, distance.

    `distance` is the mean over agents of the total variation distance (1/2) sum_c |p_i(c) - p(c)| between the shares of
    labels at the agent and in all samples: 0 where agents are alike, and at most 1.

    >>> split_statistics([np.array([0, 0, 1, 1]), np.array([2, 2])])["distance"]           # (1/3 + 2/3) / 2
    0.5
    """
    pool, place = np.unique(np.concatenate(labels), return_inverse=True)
    pieces = np.split(place, np.cumsum([len(part) for part in labels])[:-1])
    counts = np.array([np.bincount(piece, minlength=len(pool)) for piece in pieces])
    shares, sizes = counts / counts.sum(axis=1, keepdims=True), counts.sum(axis=1)
    every = counts.sum(axis=0) / counts.sum()
    held = (counts > 0).sum(axis=1)
    return {
        "agents": len(labels),
        "samples": int(sizes.sum()),
        "smallest": int(sizes.min()),
        "largest": int(sizes.max()),
        "labels": len(pool),
        "labels_fewest": int(held.min()),
        "labels_mean": float(held.mean()),
        "labels_most": int(held.max()),
        "distance": float(np.abs(shares - every).sum(axis=1).mean() / 2),
    }


def _labels(labels: Any, classes: Sequence[int] | None, agents: int) -> tuple[np.ndarray, list[int], int]:
    values = np.asarray(labels)
    if values.ndim != 1 or values.dtype.kind not in "iu" or not len(values):
        raise InputError(f"labels has shape {values.shape}, {values.dtype}: expected integers (samples,)")
    found = sorted(int(label) for label in np.unique(values))
    return values, found if classes is None else list(classes), integer("agents", agents, at_least=1)
