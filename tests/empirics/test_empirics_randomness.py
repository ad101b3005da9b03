"""Draws: known answers, an independent twin, exact laws, independence of chunking and company."""

from __future__ import annotations

import itertools
from collections import Counter
from math import comb

import pytest
import torch
from scipy.stats import chi2

from empirics.numerics.randomness import (
    Draws,
    participants,
    philox,
    philox_on_tensors,
    sign_blocks,
    sign_means,
    subset_blocks,
    subsets,
)
from tests.empirics import oracles

KNOWN_ANSWERS = [
    # The vectors published with Random123, the authors' own implementation of Philox4x32-10.
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_gives_the_published_known_answers(counter, key, expected):
    words = philox(tuple(torch.tensor([c]) for c in counter), tuple(torch.tensor([k]) for k in key))
    assert [int(word) for word in words] == expected
    assert oracles.philox_block(counter, key) == expected


@pytest.mark.parametrize("replicas", [1, 7, 4000])
def test_both_ways_to_compute_philox_agree_on_words_that_broadcast(replicas):
    """One works through blocks in the cache of a processor, the other on whole tensors of any device."""
    index, agents = torch.arange(3).reshape(1, 1, 1, 3), torch.arange(2).reshape(1, 1, 2, 1)
    counter = (index, agents, torch.arange(replicas).reshape(1, -1, 1, 1), torch.zeros_like(index))
    keys = torch.tensor([[5, 2**32 - 1], [2**31, 0]]).reshape(2, 2, 1, 1, 1)
    for blocks, whole in zip(
        philox(counter, (keys[:, 0], keys[:, 1])), philox_on_tensors(counter, (keys[:, 0], keys[:, 1])), strict=True
    ):
        assert blocks.shape == (2, replicas, 2, 3)
        assert torch.equal(blocks, whole.expand(blocks.shape))


def test_words_are_those_of_a_scalar_twin():
    draws = Draws(seed=2**70 + 3, round=4, step=1, replicas=torch.tensor([9, 0]))
    words = draws.words(("inner:0", "outer"), torch.tensor([[5, 2, 7], [1, 0, 3]]), 2)
    for p, purpose in enumerate(("inner:0", "outer")):
        for r, replica in enumerate((9, 0)):
            for i, agent in enumerate(([5, 2, 7], [1, 0, 3])[r]):
                for block in range(2):
                    twin = oracles.philox_words(2**70 + 3, 4, 1, purpose, block, agent, replica)
                    assert [int(word[p, r, i, block]) for word in words] == twin


@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 63, 64, 65, 130])
def test_sign_means_count_the_bits_of_the_batch(size):
    draws = Draws(1, 2, 3, torch.arange(2))
    values = sign_means(draws.words(("outer",), torch.arange(3), sign_blocks(size)), size)
    for replica, agent in itertools.product(range(2), range(3)):
        twin = oracles.sign_pair(1, 2, 3, "outer", agent, replica, size)
        # Both are one correctly rounded division of the same integers.
        assert values[0, replica, agent].tolist() == twin


@pytest.mark.parametrize("size", [1, 3, 8])
def test_sign_means_have_exactly_the_binomial_law_over_all_bit_patterns(size):
    bits = torch.arange(2**size)
    other = torch.arange(2**size).flip(0)
    zero = torch.zeros_like(bits)
    # Bits beyond the batch are set on purpose: they must not count.
    noise = ((1 << 32) - 1) & ~((1 << size) - 1)
    words = tuple(word.unsqueeze(-1) for word in (bits | noise, zero, other | noise, zero))
    values = sign_means(words, size)
    law = {(2 * c - size) / size: comb(size, c) for c in range(size + 1)}
    assert Counter(values[:, 0].tolist()) == law
    assert Counter(values[:, 1].tolist()) == law


def test_subsets_follow_floyd_on_the_documented_keys():
    draws = Draws(5, 0, 2, torch.arange(3))
    population = torch.tensor([5, 9])
    chosen = subsets(draws.words(("outer",), torch.arange(2), subset_blocks(5)), 5, population)
    for replica, agent in itertools.product(range(3), range(2)):
        keys = oracles.keys63(5, 0, 2, "outer", agent, replica, 5)
        assert chosen[0, replica, agent].tolist() == oracles.floyd(keys, int(population[agent]))


def test_floyd_is_uniform_over_subsets_by_exact_enumeration():
    # Member t is uniform on 0..population-size+t: all key residues enumerated give every subset equally often.
    population, size = 6, 3
    counts: Counter = Counter()
    for residues in itertools.product(*(range(population - size + t + 1) for t in range(size))):
        low = torch.tensor([[[residues]]])
        words = (low[..., 0:3:2], torch.zeros(1, 1, 1, 2, dtype=torch.int64))
        second = torch.stack([low[..., 1], torch.zeros_like(low[..., 1])], dim=-1)
        chosen = subsets((words[0], words[1], second, words[1]), size, torch.tensor([population]))
        counts[frozenset(chosen.flatten().tolist())] += 1
    assert len(counts) == comb(population, size)
    assert set(counts.values()) == {4 * 5 * 6 // comb(population, size)}


def test_subsets_of_the_whole_population_are_permutations():
    words = Draws(0, 0, 0, torch.arange(4)).words(("outer",), torch.arange(2), subset_blocks(7))
    chosen = subsets(words, 7, torch.tensor([7, 7]))
    assert bool((chosen.sort(dim=-1).values == torch.arange(7)).all())


@pytest.mark.parametrize(
    ("agents", "count"),
    [(1, 1), (2, 1), (11, 0), (11, 5), (11, 6), (11, 10), (11, 11), (64, 32), (10**6, 4), (2**32, 3)],
)
def test_participants_are_the_first_distinct_candidates_or_the_others(agents, count):
    chosen = participants(Draws(8, 3, 0, torch.tensor([6, 0, 91])), agents, count)
    for row, replica in enumerate((6, 0, 91)):
        if 2 * count <= agents or agents < 100:
            assert chosen[row].tolist() == oracles.participants(8, 3, replica, agents, count)


def test_participants_do_not_depend_on_which_replicas_share_a_batch():
    replicas = torch.arange(4000)
    # Some of 4000 replicas need more candidates than are drawn at first: (1/2)^7 is the chance for one of them.
    for agents, count in ((4, 2), (9, 5)):
        whole = participants(Draws(1, 2, 0, replicas), agents, count)
        parts = [participants(Draws(1, 2, 0, part), agents, count) for part in replicas.split(7)]
        assert torch.equal(whole, torch.cat(parts))
        assert bool((whole[:, 1:] > whole[:, :-1]).all())
        assert whole.min() >= 0
        assert whole.max() < agents


@pytest.mark.parametrize(("agents", "count"), [(4, 2), (5, 2), (5, 3), (6, 3)])
def test_every_subset_is_drawn_equally_often_over_all_candidate_strings(agents, count):
    # Exact counting: among all agents^t strings of t candidates, the strings whose first distinct candidates are S
    # are as many for every S of that size, and strings with too few distinct candidates favour none.
    few = min(count, agents - count)
    for length in (few, few + 2):
        counts: Counter = Counter()
        for string in itertools.product(range(agents), repeat=length):
            first = list(dict.fromkeys(string))[:few]
            counts[frozenset(first)] += len(first) == few
        counts = Counter({subset: number for subset, number in counts.items() if number})
        assert len(counts) == comb(agents, few)
        assert len(set(counts.values())) == 1


@pytest.mark.parametrize(("agents", "count"), [(4, 2), (6, 3), (7, 2), (7, 5)])
def test_participation_passes_a_chi_square_test_over_all_subsets(agents, count):
    # Under uniformity the statistic has (subsets - 1) degrees of freedom; a level of 1e-9 bounds a false alarm.
    replicas, subsets_ = 20_000, comb(agents, count)
    chosen = participants(Draws(0, 0, 0, torch.arange(replicas)), agents, count)
    counts = Counter(map(tuple, chosen.tolist()))
    assert set(counts) == set(itertools.combinations(range(agents), count))
    expected = replicas / subsets_
    statistic = sum((number - expected) ** 2 / expected for number in counts.values())
    assert statistic < chi2.isf(1e-9, subsets_ - 1)


def test_participation_is_uniform_within_a_stated_error():
    # 4000 draws of 2 out of 5: a subset has probability 1/10. Hoeffding with 10 subsets, both sides, level 1e-9:
    # |frequency - 1/10| <= sqrt(log(20 / 1e-9) / (2 * 4000)) < 0.055.
    chosen = participants(Draws(0, 0, 0, torch.arange(4000)), 5, 2)
    counts = Counter(map(tuple, chosen.tolist()))
    assert len(counts) == 10
    assert max(abs(count / 4000 - 0.1) for count in counts.values()) < 0.055


def test_draws_do_not_depend_on_company():
    agents, replicas = torch.arange(6), torch.arange(5)
    whole = Draws(3, 1, 4, replicas).words(("inner:0", "inner:1"), agents, 3)
    part = Draws(3, 1, 4, replicas[2:4]).words(("inner:1",), torch.tensor([4, 1]), 2)
    for all_words, some in zip(whole, part, strict=True):
        assert torch.equal(all_words[1:, 2:4][:, :, [4, 1], :2], some)


@pytest.mark.parametrize("change", ["seed", "round", "step", "purpose", "agent", "replica"])
def test_every_coordinate_changes_the_draw(change):
    coordinates = {"seed": 1, "round": 2, "step": 3, "purpose": "outer", "agent": 4, "replica": 5}

    def words(c):
        draws = Draws(c["seed"], c["round"], c["step"], torch.tensor([c["replica"]]))
        return torch.cat(draws.words((c["purpose"],), torch.tensor([c["agent"]]), 1)).flatten()

    other = {**coordinates, change: "inner:0" if change == "purpose" else coordinates[change] + 1}
    assert not bool((words(coordinates) == words(other)).any())
