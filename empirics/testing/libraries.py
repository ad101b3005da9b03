"""The array libraries that losses are evaluated in: torch, NumPy or JAX, told by the array."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np
import torch


def library_of(array: Any) -> Any:
    """The module whose tanh, cos and concatenate take the array.

    >>> library_of(torch.zeros(1)).__name__, library_of(np.zeros(1)).__name__
    ('torch', 'numpy')
    """
    if isinstance(array, torch.Tensor):
        return torch
    home = type(array).__module__.partition(".")[0]
    return import_module("jax.numpy") if home in ("jax", "jaxlib") else np


def live_jax_arrays() -> int:
    """How many arrays of JAX are alive, 0 where nothing has imported it."""
    jax = sys.modules.get("jax")
    return 0 if jax is None else len(jax.live_arrays())
