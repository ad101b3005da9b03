"""Counter-based draws: every random number is a pure function of its coordinates.

A draw has the coordinates (seed, round, step, purpose | index, agent, replica). The first four are hashed to the
64-bit key of Philox4x32-10 (Salmon, Moraes, Dror, Shaw, 2011), the last three are its counter. No generator object
and no order of evaluation is involved, so results do not depend on device, chunking, worker count or on which other
agents take part. An agent that is drawn several times in a round has draws of its own each time: the number of the
draw, its slot, is the counter's last word, 0 where nobody can be drawn twice.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import torch
from torch import Tensor

from empirics.numerics.philox_blocks import LOW, MULTIPLIERS, ROUNDS, WEYL, philox_in_blocks

Words = tuple[Tensor, Tensor, Tensor, Tensor]
KEYS = 2**63  # a block of words holds two keys, uniform on 0 .. 2^63 - 1


def philox(counter: Words, key: tuple[Tensor, Tensor]) -> Words:
    """Philox4x32-10 on 32-bit words held in int64 tensors that broadcast against one another.

    >>> zero = torch.zeros(1, dtype=torch.int64)
    >>> [hex(int(word)) for word in philox((zero, zero, zero, zero), (zero, zero))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    if all(word.device.type == "cpu" for word in (*counter, *key)):
        return philox_in_blocks((*counter, *key))
    return philox_on_tensors(counter, key)


def philox_on_tensors(counter: Words, key: tuple[Tensor, Tensor]) -> Words:
    """The same on any device, each operation on whole tensors.

    The 64-bit products wrap around in two's complement; their halves are recovered by shifting and masking.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for turn in range(ROUNDS):
        if turn:
            k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = ((p1 >> 32) & LOW) ^ c1 ^ k0, p1 & LOW, ((p0 >> 32) & LOW) ^ c3 ^ k1, p0 & LOW
    return c0, c1, c2, c3


def derived_key(seed: int, round: int, step: int, purpose: str) -> tuple[int, int]:
    """The two 32-bit halves of the 64-bit blake2b hash of the scalar coordinates of a draw."""
    text = f"{seed}|{round}|{step}|{purpose}".encode()
    digest = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
    return digest & LOW, digest >> 32


@dataclass(frozen=True)
class Draws:
    """The draws of one local step: `replicas` holds the global indices (R,) of the replicas of this batch.

    slots (m,): which draw of the round each of the m agents is, where one agent may be drawn twice.

    >>> whole = Draws(7, 0, 0, torch.arange(4)).words(("outer",), torch.arange(3), 1)
    >>> part = Draws(7, 0, 0, torch.arange(2, 4)).words(("outer",), torch.tensor([2]), 1)
    >>> bool((whole[0][:, 2:, 2:] == part[0]).all())
    True
    """

    seed: int
    round: int
    step: int
    replicas: Tensor
    slots: Tensor | None = field(default=None, kw_only=True)

    def keys(self, purposes: Sequence[str]) -> Tensor:
        """Both halves of the keys of some purposes, (purposes, 2), where the replicas are."""
        return sent([derived_key(self.seed, self.round, self.step, name) for name in purposes], self.replicas.device)

    def words(self, purposes: Sequence[str], agents: Tensor, blocks: int) -> Words:
        """Four tensors (purposes, R, agents, blocks) of 32 random bits each; agents is (m,) or (R, m)."""
        device = self.replicas.device
        keys = self.keys(purposes).reshape(len(purposes), 2, 1, 1, 1)
        index = torch.arange(blocks, device=device).reshape(1, 1, 1, blocks)
        counter = (
            index,
            agents.unsqueeze(-1).unsqueeze(0),
            self.replicas.reshape(1, -1, 1, 1),
            torch.zeros_like(index) if self.slots is None else self.slots.reshape(1, 1, -1, 1),
        )
        return philox(counter, (keys[:, 0], keys[:, 1]))


def _popcount32(words: Tensor) -> Tensor:
    words = words - ((words >> 1) & 0x55555555)
    words = (words & 0x33333333) + ((words >> 2) & 0x33333333)
    words = (words + (words >> 4)) & 0x0F0F0F0F
    return ((words * 0x01010101) & LOW) >> 24


def sign_blocks(size: int) -> int:
    """Counter blocks needed for the two sign means of a batch: 64 bits of a block serve each sign."""
    return -(-size // 64)


def sign_means(words: Words, size: int) -> Tensor:
    """Means of `size` independent signs, twice: shape (..., 2), each (2 Binomial(size, 1/2) - size) / size.

    Bits of words 0 and 1 are the samples' first signs, of words 2 and 3 their second signs; a mean over a batch needs
    only how many bits are set.
    """
    first, second = _masks(size, words[0].device)
    if size <= 32:
        counts = _popcount32(torch.stack([words[0] & first, words[2] & first], dim=-1)).sum(dim=-2)
    else:
        low = torch.stack([words[0] & first, words[2] & first], dim=-1)
        high = torch.stack([words[1] & second, words[3] & second], dim=-1)
        counts = (_popcount32(low) + _popcount32(high)).sum(dim=-2)
    return (2 * counts - size).to(torch.float64) / size


@lru_cache(maxsize=64)
def _masks(size: int, device: torch.device) -> Tensor:
    """Which bits of the low and of the high words belong to a batch, (2, blocks); sent to a device once."""
    left = [min(64, size - 64 * block) for block in range(sign_blocks(size))]
    masks = [[(1 << min(bits, 32)) - 1 for bits in left], [(1 << max(bits - 32, 0)) - 1 for bits in left]]
    return torch.tensor(masks, device=device)


def sent(numbers: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """Integers as a tensor on a device; a GPU gets them without the host waiting for it."""
    table = torch.tensor(numbers, dtype=torch.int64)
    return table.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else table.to(device)


def _keys63(words: Words) -> Tensor:
    """The 63-bit keys of blocks of words (..., blocks), two a block, (..., 2 blocks)."""
    pairs = ((words[1] & 0x7FFFFFFF) << 32 | words[0], (words[3] & 0x7FFFFFFF) << 32 | words[2])
    return torch.stack(pairs, dim=-1).flatten(-2)


def subset_blocks(size: int) -> int:
    """Counter blocks needed for `size` keys, those of a subset of `size` members: a block holds two 63-bit keys."""
    return -(-size // 2)


def subsets(words: Words, size: int, population: Tensor) -> Tensor:
    """Uniform `size`-subsets of range(population), without replacement: indices (..., size).

    Floyd's algorithm: member t is uniform on 0..j with j = population - size + t, or j itself if that one is taken
    already. It needs `size` keys, not `population` keys. A key modulo j + 1 is uniform up to (j + 1) / 2^63.
    `population` is (m,) or (R, m).
    """
    keys = _keys63(words)[..., :size]
    chosen = torch.empty_like(keys)
    for t in range(size):
        last = (population - size + t).expand(keys.shape[:-1])
        drawn = torch.remainder(keys[..., t], last + 1)
        taken = (chosen[..., :t] == drawn.unsqueeze(-1)).any(dim=-1)
        chosen[..., t] = torch.where(taken, last, drawn)
    return chosen


def participants(draws: Draws, agents: int, count: int) -> Tensor:
    """Per replica, `count` of the agents 0..agents-1, uniform without replacement, in ascending order (R, count).

    Candidate t is the t-th 63-bit key of the replica, modulo `agents`; the first `count` distinct candidates take
    part, or, when they would be more than half of the agents, the others. The first distinct values of independent
    uniform candidates are a uniform subset, and so is its complement; a candidate is uniform up to agents / 2^63.
    Work and memory grow with `count`, not with `agents`.

    >>> participants(Draws(0, 0, 0, torch.arange(2)), 10**9, 3)
    tensor([[105099282, 543328016, 990120422],
            [153072931, 267879044, 821572503]])
    >>> participants(Draws(0, 0, 0, torch.arange(1)), 4, 4).tolist()
    [[0, 1, 2, 3]]
    """
    if 2 * count <= agents:
        return _distinct(draws, agents, count)
    absent = _distinct(draws, agents, agents - count)
    rank = torch.arange(count, device=absent.device).expand(len(absent), count).contiguous()
    # Rank j of those present is j plus the number of absentees below it: absentee i has a - i present ones below.
    shifted = absent - torch.arange(agents - count, device=absent.device)
    return rank + torch.searchsorted(shifted, rank, right=True)


def drawn_with_replacement(draws: Draws, agents: int, count: int, thresholds: Tensor | None = None) -> Tensor:
    """Per replica, `count` independent draws from the agents 0..agents-1, in the order of the draws (R, count).

    Draw t is the t-th 63-bit key of the replica, modulo `agents`; with thresholds (agents - 1,), ascending, it is how
    many of them are at most the key, so that agent i has probability (T_i - T_{i-1}) / 2^63.

    >>> drawn_with_replacement(Draws(0, 0, 0, torch.arange(1)), 3, 8)
    tensor([[0, 0, 0, 2, 0, 2, 2, 1]])
    """
    keys = _participant_keys(draws, count)
    if thresholds is None:
        return torch.remainder(keys, agents)
    return torch.searchsorted(thresholds, keys, right=True)


def _participant_keys(draws: Draws, count: int) -> Tensor:
    """The first `count` keys of every replica, (R, count)."""
    origin = torch.zeros(1, dtype=torch.int64, device=draws.replicas.device)
    words = draws.words(("participants",), origin, subset_blocks(count))
    return _keys63(words)[0, :, 0, :count].contiguous()


def _distinct(draws: Draws, agents: int, count: int) -> Tensor:
    """The first `count` distinct candidates of every replica, ascending, count <= agents / 2."""
    on_cpu = draws.replicas.device.type == "cpu"
    # Looking whether there were enough candidates would stall a GPU: there, their number leaves no doubt (2^-60).
    number = _candidates(agents, count, 3.0, 4) if on_cpu else _candidates(agents, count, 12.0, 64)
    chosen, enough = _first_distinct(draws, agents, count, number)
    while on_cpu and not bool(enough.all()):
        number *= 2
        rows = torch.nonzero(~enough).flatten()
        again = replace(draws, replicas=draws.replicas[rows])
        chosen[rows], enough[rows] = _first_distinct(again, agents, count, number)
    return chosen


def _candidates(agents: int, count: int, deviations: float, more: int) -> int:
    """How many candidates hold `count` distinct ones: mean, some standard deviations of the waiting time, and more."""
    part = count / agents
    mean, variance = -agents * math.log1p(-part), agents * (part / (1 - part) + math.log1p(-part))
    return math.ceil(mean + deviations * math.sqrt(max(variance, 0.0))) + more


def _first_distinct(draws: Draws, agents: int, count: int, number: int) -> tuple[Tensor, Tensor]:
    """Of the first `number` candidates the first `count` distinct ones, ascending; and which replicas have them."""
    keys = _participant_keys(draws, number)
    ordered, when = torch.sort(torch.remainder(keys, agents), dim=-1, stable=True)
    fresh = torch.ones_like(ordered, dtype=torch.bool)
    fresh[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    rank = torch.empty_like(ordered).scatter_(-1, when, fresh.long()).cumsum(-1)
    kept = fresh & (rank.gather(-1, when) <= count)
    # Column `count` collects what is not kept.
    place = torch.where(kept, kept.cumsum(-1) - 1, count)
    chosen = torch.zeros((len(keys), count + 1), dtype=torch.int64, device=keys.device).scatter_(-1, place, ordered)
    return chosen[:, :count].contiguous(), rank[:, -1] >= count
