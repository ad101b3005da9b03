"""Splits of labelled samples: complete, disjoint, skewed as asked; equal counts that leak no held-out sample."""

from __future__ import annotations

import numpy as np
import pytest

from empirics import InputError, agent_data, digit_data, dirichlet_partition, label_partition
from empirics.tasks.datasets.digits import digit_images

LABELS = np.random.default_rng(0).integers(0, 5, size=400)


def entropies(parts, labels):
    """Mean Shannon entropy of the agents' label frequencies."""
    found = []
    for part in parts:
        shares = np.bincount(labels[part]) / len(part)
        found.append(-sum(p * np.log(p) for p in shares if p > 0))
    return np.mean(found)


@pytest.mark.parametrize("seed", range(3))
def test_every_sample_is_dealt_once(seed):
    for parts in (
        dirichlet_partition(LABELS, 6, 0.3, seed=seed),
        label_partition(LABELS, 10, 2, seed=seed),
    ):
        assert sorted(np.concatenate(parts)) == list(range(len(LABELS)))


def test_published_sizes_of_the_dirichlet_split_of_digits_come_out():
    sizes = [118, 164, 484, 33, 196, 116, 385, 31, 233, 37]
    assert [len(part) for part in dirichlet_partition(digit_images()[1], 10, 0.1, seed=0)] == sizes


def test_smaller_concentration_means_fewer_labels_an_agent():
    levels = [entropies(dirichlet_partition(LABELS, 6, c, seed=1), LABELS) for c in (0.1, 1.0, 100.0)]
    assert levels[0] < levels[1] < levels[2]
    # With concentration 100 shares differ by about a tenth, so frequencies are close to uniform over five labels.
    assert levels[2] > 0.98 * np.log(5)


def test_dirichlet_proportions_have_the_moments_of_the_law():
    # Share of agent 0 in one class: Beta(c, (n - 1) c), mean 1/n, variance (n - 1) / (n^2 (n c + 1)).
    n, c, draws = 4, 0.7, 300
    labels = np.zeros(1000, dtype=int)
    shares = [len(dirichlet_partition(labels, n, c, seed=s, at_least=0)[0]) / 1000 for s in range(draws)]
    variance = (n - 1) / (n**2 * (n * c + 1))
    # Five standard errors of a mean and, roughly (kurtosis below 4), of a variance; cutting moves shares by 1e-3.
    assert np.mean(shares) == pytest.approx(1 / n, abs=5 * np.sqrt(variance / draws) + 1e-3)
    assert np.var(shares) == pytest.approx(variance, rel=5 * np.sqrt(3 / draws))


def test_every_agent_gets_the_minimum():
    for seed in range(5):
        assert min(len(part) for part in dirichlet_partition(LABELS, 8, 0.1, seed=seed, at_least=12)) >= 12


@pytest.mark.parametrize(("agents", "per_agent"), [(10, 1), (10, 2), (7, 3), (4, 5)])
def test_agents_hold_the_asked_number_of_labels(agents, per_agent):
    parts = label_partition(LABELS, agents, per_agent, seed=3)
    held = [set(LABELS[part]) for part in parts]
    assert all(len(labels) == per_agent for labels in held)
    holders = [sum(label in labels for labels in held) for label in range(5)]
    assert max(holders) - min(holders) <= 1
    # A label's holders share it evenly.
    for label in range(5):
        counts = [
            int((LABELS[part] == label).sum()) for part, labels in zip(parts, held, strict=True) if label in labels
        ]
        assert max(counts, default=0) - min(counts, default=0) <= 1


def test_splits_depend_on_the_seed_alone():
    for split in (
        lambda s: dirichlet_partition(LABELS, 6, 0.5, seed=s),
        lambda s: label_partition(LABELS, 6, 2, seed=s),
    ):
        assert all(np.array_equal(a, b) for a, b in zip(split(1), split(1), strict=True))
        assert not all(np.array_equal(a, b) for a, b in zip(split(1), split(2), strict=True))


def test_equal_counts_never_show_a_held_out_sample_in_training():
    x = np.arange(60.0)
    parts = [np.arange(2), np.arange(2, 7), np.arange(7, 60)]
    data = agent_data(x, x.astype(int), parts, samples=8, held_out=4, seed=5)
    assert data.x.shape == (3, 8)
    assert data.held_x.shape == (3, 4)
    for agent, part in enumerate(parts):
        seen, held = set(data.x[agent]), set(data.held_x[agent])
        assert not seen & held
        assert (seen | held) <= set(part.astype(float))
    # Enough samples: none is drawn twice. Too few: all of the agent's are used.
    assert len(set(data.x[2])) == 8
    assert set(data.x[1]) | set(data.held_x[1]) == set(map(float, parts[1]))
    assert np.array_equal(data.y, data.x.astype(int))


def test_some_agents_of_the_data_are_the_same_agents():
    data = digit_data(6, samples=8, held_out=4)
    some = data.agents([4, 1])
    assert np.array_equal(some.x[0], data.x[4])
    assert np.array_equal(some.held_y[1], data.held_y[1])


def test_bad_requests_are_refused():
    with pytest.raises(InputError, match="no split gave every agent 100 samples"):
        dirichlet_partition(LABELS, 6, 0.1, at_least=100)
    with pytest.raises(InputError, match=r"concentration = 0\.0"):
        dirichlet_partition(LABELS, 6, 0.0)
    with pytest.raises(InputError, match="per_agent = 6: expected at most the 5 labels"):
        label_partition(LABELS, 6, 6)
    with pytest.raises(InputError, match="label 0 has 2 samples"):
        label_partition(np.array([0, 0]), 3, 1)
    with pytest.raises(InputError, match="expected integers"):
        label_partition(LABELS / 2, 3, 1)
    with pytest.raises(InputError, match="agent 1 has 1 samples"):
        agent_data(np.arange(5.0), np.arange(5), [np.arange(4), np.arange(4, 5)], 2, 2)
