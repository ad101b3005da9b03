"""Counter-based draws: every random number is a pure function of its coordinates.

A draw has the coordinates (seed, round, step, purpose | index, agent, replica). The first four are hashed to the
64-bit key of Philox4x32-10 (Salmon, Moraes, Dror, Shaw, 2011), the last three are its counter. No generator object
and no order of evaluation is involved, so results do not depend on device, chunking, worker count or on which other
agents take part.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Words = tuple[Tensor, Tensor, Tensor, Tensor]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF
_ROUNDS = 10


def philox(counter: Words, key: tuple[Tensor, Tensor]) -> Words:
    """Philox4x32-10 on 32-bit words held in int64 tensors that broadcast against one another.

    The 64-bit products wrap around in two's complement; their halves are recovered by shifting and masking.

    >>> zero = torch.zeros(1, dtype=torch.int64)
    >>> [hex(int(word)) for word in philox((zero, zero, zero, zero), (zero, zero))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for turn in range(_ROUNDS):
        if turn:
            k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = ((p1 >> 32) & _LOW) ^ c1 ^ k0, p1 & _LOW, ((p0 >> 32) & _LOW) ^ c3 ^ k1, p0 & _LOW
    return c0, c1, c2, c3


def derived_key(seed: int, round: int, step: int, purpose: str) -> tuple[int, int]:
    """The two 32-bit halves of the 64-bit blake2b hash of the scalar coordinates of a draw."""
    text = f"{seed}|{round}|{step}|{purpose}".encode()
    digest = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
    return digest & _LOW, digest >> 32


@dataclass(frozen=True)
class Draws:
    """The draws of one local step: `replicas` holds the global indices (R,) of the replicas of this batch.

    >>> whole = Draws(7, 0, 0, torch.arange(4)).words(("outer",), torch.arange(3), 1)
    >>> part = Draws(7, 0, 0, torch.arange(2, 4)).words(("outer",), torch.tensor([2]), 1)
    >>> bool((whole[0][:, 2:, 2:] == part[0]).all())
    True
    """

    seed: int
    round: int
    step: int
    replicas: Tensor

    def words(self, purposes: Sequence[str], agents: Tensor, blocks: int) -> Words:
        """Four tensors (purposes, R, agents, blocks) of 32 random bits each; agents is (m,) or (R, m)."""
        device = self.replicas.device
        keys = torch.tensor([derived_key(self.seed, self.round, self.step, name) for name in purposes], device=device)
        keys = keys.reshape(len(purposes), 2, 1, 1, 1)
        index = torch.arange(blocks, device=device).reshape(1, 1, 1, blocks)
        counter = (
            index,
            agents.unsqueeze(-1).unsqueeze(0),
            self.replicas.reshape(1, -1, 1, 1),
            torch.zeros_like(index),
        )
        return philox(counter, (keys[:, 0], keys[:, 1]))


def _popcount32(words: Tensor) -> Tensor:
    words = words - ((words >> 1) & 0x55555555)
    words = (words & 0x33333333) + ((words >> 2) & 0x33333333)
    words = (words + (words >> 4)) & 0x0F0F0F0F
    return ((words * 0x01010101) & _LOW) >> 24


def sign_blocks(size: int) -> int:
    """Counter blocks needed for the two sign means of a batch: 64 bits of a block serve each sign."""
    return -(-size // 64)


def sign_means(words: Words, size: int) -> Tensor:
    """Means of `size` independent signs, twice: shape (..., 2), each (2 Binomial(size, 1/2) - size) / size.

    Bits of words 0 and 1 are the samples' first signs, of words 2 and 3 their second signs; a mean over a batch needs
    only how many bits are set.
    """
    blocks = sign_blocks(size)
    left = [min(64, size - 64 * block) for block in range(blocks)]
    masks = [[(1 << min(bits, 32)) - 1 for bits in left], [(1 << max(bits - 32, 0)) - 1 for bits in left]]
    first, second = torch.tensor(masks, device=words[0].device)
    if size <= 32:
        counts = _popcount32(torch.stack([words[0] & first, words[2] & first], dim=-1)).sum(dim=-2)
    else:
        low = torch.stack([words[0] & first, words[2] & first], dim=-1)
        high = torch.stack([words[1] & second, words[3] & second], dim=-1)
        counts = (_popcount32(low) + _popcount32(high)).sum(dim=-2)
    return (2 * counts - size).to(torch.float64) / size


def _keys63(low: Tensor, high: Tensor) -> Tensor:
    return ((high & 0x7FFFFFFF) << 32) | low


def subset_blocks(size: int) -> int:
    """Counter blocks needed for a subset of `size` members: a block holds two 63-bit keys."""
    return -(-size // 2)


def subsets(words: Words, size: int, population: Tensor) -> Tensor:
    """Uniform `size`-subsets of range(population), without replacement: indices (..., size).

    Floyd's algorithm: member t is uniform on 0..j with j = population - size + t, or j itself if that one is taken
    already. It needs `size` keys, not `population` keys. A key modulo j + 1 is uniform up to (j + 1) / 2^63.
    `population` is (m,) or (R, m).
    """
    keys = torch.stack([_keys63(words[0], words[1]), _keys63(words[2], words[3])], dim=-1).flatten(-2)[..., :size]
    chosen = torch.empty_like(keys)
    for t in range(size):
        last = (population - size + t).expand(keys.shape[:-1])
        drawn = torch.remainder(keys[..., t], last + 1)
        taken = (chosen[..., :t] == drawn.unsqueeze(-1)).any(dim=-1)
        chosen[..., t] = torch.where(taken, last, drawn)
    return chosen


def participants(draws: Draws, agents: int, count: int) -> Tensor:
    """Per replica, `count` of the agents 0..agents-1, uniform without replacement, in ascending order (R, count).

    The agents with the smallest of independent 63-bit keys; two equal keys have probability below agents^2 / 2^64.
    """
    blocks = subset_blocks(agents)
    words = draws.words(("participants",), torch.zeros(1, dtype=torch.int64, device=draws.replicas.device), blocks)
    keys = torch.stack([_keys63(words[0], words[1]), _keys63(words[2], words[3])], dim=-1).flatten(-2)[0, :, 0, :agents]
    return keys.topk(count, dim=-1, largest=False, sorted=False).indices.sort(dim=-1).values
