"""The agents of a study: their samples are their own, and as unlike as the level says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reports.plans.studies import Level
from reports.studies.agents import network, population
from tests.reports.studies.tiny_study import SKEWED


def test_no_sample_is_at_two_agents_and_all_have_equally_many() -> None:
    made = population(SKEWED, 3, seen=20, new=10, samples=32, held_out=24)
    assert made.x.shape == (30, 32, 64)
    assert made.y_held.shape == (30, 24)
    images = np.concatenate([made.x, made.x_held], axis=1).reshape(-1, 64)
    every = np.unique(_digit_images(), axis=0, return_counts=True)
    copies = dict(zip((row.tobytes() for row in every[0]), every[1], strict=True))
    held, counts = np.unique(images, axis=0, return_counts=True)
    assert all(count <= copies[row.tobytes()] for row, count in zip(held, counts, strict=True))


def _digit_images() -> np.ndarray:
    from sklearn.datasets import load_digits

    return (load_digits().data / 16).astype(np.float32)


def test_heterogeneity_grows_from_level_to_level() -> None:
    def labels_per_agent(concentration: float) -> float:
        level = Level(name="x", concentration=concentration)
        made = [population(level, seed, seen=10, new=5, samples=16, held_out=8) for seed in range(3)]
        return float(np.mean([len(np.unique(labels)) for one in made for labels in one.y]))

    few, some, many = (labels_per_agent(concentration) for concentration in (0.1, 1.0, 10.0))
    assert few < some < many
    two = population(Level(name="x", labels=2), 0, seen=5, new=2, samples=8, held_out=4)
    assert {len(np.unique(np.append(y, held))) for y, held in zip(two.y, two.y_held, strict=True)} <= {1, 2}


def test_relabelling_permutes_an_agents_labels_and_leaves_its_images() -> None:
    plain = Level(name="x", concentration=1.0)
    before = population(plain, 5, seen=1, new=0, samples=40, held_out=10)
    after = population(plain.model_copy(update={"relabelled": 10}), 5, seen=1, new=0, samples=40, held_out=10)
    np.testing.assert_array_equal(before.x, after.x)
    pairs = set(zip(before.y.ravel(), after.y.ravel(), strict=True)) | set(
        zip(before.y_held.ravel(), after.y_held.ravel(), strict=True)
    )
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs}), "one label to one label"
    assert any(old != new for old, new in pairs)


def test_a_seed_is_a_split_and_a_start() -> None:
    assert torch.equal(network([3, 4, 2], 1)[0].weight, network([3, 4, 2], 1)[0].weight)
    assert not torch.equal(network([3, 4, 2], 1)[0].weight, network([3, 4, 2], 2)[0].weight)
    one, other = (population(SKEWED, seed, seen=2, new=1, samples=8, held_out=4) for seed in (1, 2))
    assert not np.array_equal(one.x, other.x)


def test_too_many_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 1797"):
        population(SKEWED, 0, seen=30, new=10, samples=40, held_out=10)
