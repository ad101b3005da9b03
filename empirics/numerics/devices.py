"""The device that a name stands for on this machine."""

from __future__ import annotations

import torch

from empirics.numerics.checks import choice
from empirics.numerics.errors import InputError


def device(name: str = "auto") -> torch.device:
    """The torch device of a name: `auto` is CUDA when a GPU is visible, otherwise the CPU.

    Raises:
        InputError: an unknown name, or `cuda` on a machine without one.

    >>> device("cpu")
    device(type='cpu')
    """
    name = choice("device", name, ("auto", "cpu", "cuda"))
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device = 'cuda': no CUDA device is visible; choose 'cpu' or 'auto'")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
