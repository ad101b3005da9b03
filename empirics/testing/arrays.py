"""Which library and which precision a checked function computes in: the dtype given to a checker says both."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch

from empirics.numerics.errors import InputError

_NOT_FINITE = "the answer is not finite: a division by zero, or the derivative of a root or a norm at 0"
_PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class Arrays:
    """Arrays of one library (`torch`, `numpy` or `jax`) and one precision (`float32` or `float64`).

    >>> Arrays("numpy", "float32").make([1.0, 2.0]).dtype
    dtype('float32')
    """

    library: str
    precision: str

    def make(self, values: Any) -> Any:
        """A fresh tensor or array."""
        if self.library == "torch":
            return torch.tensor(values, dtype=getattr(torch, self.precision))
        made = np.array(values, dtype=self.precision)
        return import_module("jax.numpy").asarray(made) if self.library == "jax" else made

    @property
    def eps(self) -> float:
        """Distance from 1 to the next number: every rounding is a relative error of at most half of it."""
        return float(np.finfo(self.precision).eps)

    def __str__(self) -> str:
        """The dtype as its library spells it, which `arrays_of` reads back."""
        return f"{self.library}.{self.precision}"


def arrays_of(dtype: Any) -> Arrays:
    """The library and precision that a dtype names; text such as "torch.float64" will do, and is the only way for JAX.

    >>> str(arrays_of(torch.float64)), str(arrays_of(np.float32)), str(arrays_of("numpy.float64"))
    ('torch.float64', 'numpy.float32', 'numpy.float64')
    """
    text = str(dtype) if isinstance(dtype, (str, torch.dtype)) else _numpy_name(dtype)
    library, _, precision = text.partition(".")
    if library not in ("torch", "numpy", "jax") or precision not in _PRECISIONS:
        raise InputError(
            f"dtype = {dtype!r}: expected torch.float64, torch.float32, numpy.float64, numpy.float32, or the text "
            '"jax.float64" or "jax.float32"'
        )
    if library == "jax":
        _refuse_jax(precision)
    return Arrays(library, precision)


def _refuse_jax(precision: str) -> None:
    try:
        jax = import_module("jax")
    except ImportError:
        raise InputError(f"dtype = jax.{precision}: jax is not installed; pip install jax") from None
    if precision == "float64" and not jax.config.jax_enable_x64:
        raise InputError(
            "dtype = jax.float64: jax computes in float32 here; expected jax.float32, or "
            'jax.config.update("jax_enable_x64", True) before'
        )


def _numpy_name(dtype: Any) -> str:
    try:
        return f"numpy.{np.dtype(dtype).name}"
    except TypeError:
        return repr(dtype)


class WrongResultError(Exception):
    """What a checked function returned is not one gradient: the message says what it is instead.

    `likely` is the cause where it is known.
    """

    def __init__(self, message: str, likely: str = "") -> None:
        """Keep both."""
        super().__init__(message)
        self.likely = likely


def numbers(result: Any, d: int) -> np.ndarray:
    """The d numbers that a checked function returned, in float64.

    Raises:
        WrongResultError: not d finite real numbers.
    """
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu().numpy()
    try:
        values = np.array(result, dtype=np.float64)
    except (TypeError, ValueError):
        raise WrongResultError(f"it is {type(result).__name__}, not an array of {d} numbers") from None
    if values.shape != (d,):
        raise WrongResultError(f"it has shape {values.shape}, not ({d},), the shape of w")
    if not np.isfinite(values).all():
        raise WrongResultError(f"it is not finite: {values}", _NOT_FINITE)
    return values
