"""The flat w of a loss as a pytree of arrays, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from math import prod
from typing import Any

import numpy as np
import torch

from empirics.testing.agent import Agent, Problem
from empirics.testing.arrays import WrongResultError


@dataclass(frozen=True)
class Slot:
    """Where an array lies in the flat w, and its shape."""

    start: int
    shape: tuple[int, ...]

    def of(self, w: Any) -> Any:
        """The array."""
        return w[self.start : self.start + prod(self.shape)].reshape(self.shape)


@dataclass(frozen=True)
class Layout:
    """A pytree of slots, which together are the flat w."""

    slots: Any

    @classmethod
    def named(cls, problem: Agent) -> Layout:
        """A dict of the parameters that the loss has as a module, in the order of w."""
        trainable = problem.support.model(torch.zeros(problem.d)).trainable()
        return cls(dict(zip(trainable, _slots([tuple(p.shape) for p in trainable.values()]), strict=True)))

    @classmethod
    def like(cls, tree: Any, d: int) -> Layout:
        """The structure of a pytree with d numbers dealt out to its leaves, as matrices of two rows where they can."""
        leaves, structure = import_module("jax").tree_util.tree_flatten(tree)
        sizes = [len(part) for part in np.array_split(range(d), len(leaves))]
        shapes = [(2, size // 2) if size > 2 and size % 2 == 0 else (size,) for size in sizes]
        return cls(structure.unflatten(_slots(shapes)))

    def split(self, w: Any) -> Any:
        """The pytree of arrays that a flat w holds."""
        # By hand for a dict: jax would return it in alphabetical order.
        if isinstance(self.slots, dict) and all(isinstance(slot, Slot) for slot in self.slots.values()):
            return {name: slot.of(w) for name, slot in self.slots.items()}
        return import_module("jax").tree_util.tree_map(lambda slot: slot.of(w), self.slots)

    def joined(self, tree: Any) -> Any:
        """The flat w of a pytree of arrays.

        Raises:
            WrongResultError: it has another structure.
        """
        jax = import_module("jax")
        slots, expected = jax.tree_util.tree_flatten(self.slots)
        leaves, given = jax.tree_util.tree_flatten(tree)
        if given != expected:
            raise WrongResultError(f"a {given}: expected the structure of params, {expected}")
        in_order = sorted(zip(slots, leaves, strict=True), key=lambda pair: pair[0].start)
        return jax.numpy.concatenate([jax.numpy.reshape(leaf, -1) for _, leaf in in_order])

    def loss(self, problem: Problem) -> Callable[[Any], Any]:
        """The loss of such a pytree."""
        return lambda params: problem.loss(self.joined(params))


def _slots(shapes: list[tuple[int, ...]]) -> list[Slot]:
    ends = np.cumsum([0, *map(prod, shapes)]).tolist()
    return [Slot(start, shape) for start, shape in zip(ends, shapes, strict=False)]
