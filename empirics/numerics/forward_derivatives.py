"""Forward derivatives, one thread of Python at a time.

Torch keeps the level of a forward derivative for the whole process (seen in 2.13): of two threads within one at once,
one takes the other's tangents away, which raises at best and gives a derivative of 0 at worst.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

_lock = threading.Lock()
# a thread that works for the one within, in a copy of its context, is within as well
_within = contextvars.ContextVar("_within", default=False)


def within_forward() -> bool:
    """Whether this thread, or the one that it works for, is within `forward_alone`."""
    return _within.get()


@contextmanager
def forward_alone() -> Iterator[None]:
    """No other thread computes a forward derivative within it; it may be entered again by whoever is within.

    Whoever takes another lock as well takes this one first.
    """
    if _within.get():
        yield
        return
    with _lock:
        token = _within.set(True)
        try:
            yield
        finally:
            _within.reset(token)


def jvp(function: Callable[..., Any], primals: tuple, tangents: tuple) -> Any:
    """torch.func.jvp, safe in several threads: the value and the derivative along the tangents.

    >>> jvp(lambda w: w**2, (torch.tensor(3.0),), (torch.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    with forward_alone():
        return torch.func.jvp(function, primals, tangents)


def jacfwd(function: Callable[[torch.Tensor], Any], w: torch.Tensor) -> Any:
    """torch.func.jacfwd at w, safe in several threads.

    >>> jacfwd(lambda w: w**2, torch.tensor([3.0]))
    tensor([[6.]])
    """
    with forward_alone():
        return torch.func.jacfwd(function)(w)
