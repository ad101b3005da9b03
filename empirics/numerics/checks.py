"""Validators that name the thing, its value and what was expected."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from empirics.numerics.errors import InputError, near

if TYPE_CHECKING:
    import torch


def integer(name: str, value: Any, *, at_least: int) -> int:
    """The value as an int, refused when it is not an integer (a bool is not one) or is too small."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {value!r}: expected an integer >= {at_least}") from None
    if number < at_least:
        raise InputError(f"{name} = {number}: expected an integer >= {at_least}")
    return number


def real(name: str, value: Any, *, at_least: float | None = None, above: float | None = None) -> float:
    """The value as a finite float, refused when it is not one or lies outside its range."""
    expected = "a finite number"
    if at_least is not None:
        expected += f" >= {at_least:g}"
    if above is not None:
        expected += f" > {above:g}"
    if isinstance(value, (bool, np.bool_, str, bytes)):
        raise InputError(f"{name} = {value!r}: expected {expected}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} = {value!r}: expected {expected}") from None
    low = (at_least is not None and number < at_least) or (above is not None and number <= above)
    if not math.isfinite(number) or low:
        raise InputError(f"{name} = {value!r}: expected {expected}")
    return number


def choice(name: str, value: Any, options: Sequence[str]) -> str:
    """The value, refused when it is not one of the options."""
    if not isinstance(value, str) or value not in options:
        hint = near(value, options) if isinstance(value, str) else ""
        raise InputError(f"{name} = {value!r}: expected one of {', '.join(options)}{hint}")
    return value


def array(name: str, value: Any, shape: str, ndim: int | tuple[int, ...]) -> torch.Tensor:
    """A finite floating tensor with one of the numbers of axes; `shape` says in words what was expected.

    Integers and lists become float64; float32 and float64 tensors and arrays keep their type.
    """
    import torch  # here: whoever checks numbers alone, as the keys of a plan, need not wait for it

    dims = (ndim,) if isinstance(ndim, int) else ndim
    try:
        # A NumPy array must own writable memory, or torch warns about sharing it; a copy also isolates the task.
        tensor = value.detach().clone() if isinstance(value, torch.Tensor) else torch.tensor(np.array(value))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is not a numeric array ({error}): expected shape {shape}") from None
    if tensor.is_complex() or tensor.dtype == torch.bool:
        raise InputError(f"{name} has dtype {tensor.dtype}: expected real numbers of shape {shape}")
    if tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.to(torch.float64)
    if tensor.dim() not in dims or 0 in tensor.shape:
        raise InputError(f"{name} has shape {tuple(tensor.shape)}: expected {shape}, no axis empty")
    if not bool(torch.isfinite(tensor).all()):
        where = tuple(int(i) for i in torch.nonzero(~torch.isfinite(tensor))[0])
        raise InputError(f"{name}{list(where)} = {float(tensor[where])}: expected finite numbers")
    return tensor


def shape(name: str, tensor: torch.Tensor, expected: tuple[int, ...], words: str) -> torch.Tensor:
    """The tensor, refused when its shape is not the expected one."""
    if tuple(tensor.shape) != expected:
        raise InputError(f"{name} has shape {tuple(tensor.shape)}: expected {words} = {expected}")
    return tensor
