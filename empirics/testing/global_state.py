"""What a call may leave changed outside its arguments: random generators, grad mode, default dtype, NumPy's errors."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


class Watched:
    """A function, and in words what its last call left changed; everything is put back.

    >>> watched = Watched(torch.manual_seed)
    >>> _ = watched(3)
    >>> watched.changed
    ["torch's random generator"]
    """

    def __init__(self, f: Callable[..., Any]) -> None:
        """Keep the function."""
        self.f, self.changed = f, []

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns."""
        found = {name: read() for name, (read, _) in _STATE.items()}
        # An earlier call may have left the very seed that this one sets.
        _ = torch.rand(1), np.random.rand(), random.random()
        before = {name: read() for name, (read, _) in _STATE.items()}
        try:
            return self.f(*arguments)
        finally:
            self.changed = [name for name, (read, _) in _STATE.items() if not _same(read(), before[name])]
            for name, (_, write) in _STATE.items():
                write(found[name])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Grad mode on, and whatever a call leaves of it or of the default dtype is undone: the next call sees neither."""
    dtype = torch.get_default_dtype()
    try:
        with torch.enable_grad():
            yield
    finally:
        torch.set_default_dtype(dtype)


def _same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def _numpy_state() -> tuple[Any, ...]:
    name, keys, *rest = np.random.get_state()
    return name, tuple(keys), *rest  # type: ignore[arg-type]


_STATE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "torch's random generator": (torch.get_rng_state, torch.set_rng_state),
    "NumPy's random generator": (_numpy_state, np.random.set_state),
    "Python's random generator": (random.getstate, random.setstate),
    "torch's grad mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    "torch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "NumPy's handling of errors": (np.geterr, lambda kept: np.seterr(**kept)),
}
