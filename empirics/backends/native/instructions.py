"""The instructions of a recorded program, as Python writes them and (through `header`) as C++ reads them."""

from __future__ import annotations

import ctypes

AXES = 6
AREAS = ("scratch", "kept", "point", "vector", "batch", "constants", "gradient", "result")
PHASES = ("samples", "primal", "gradient", "tangent")

# Elementwise operations by their number of arguments, under the names that torch gives them.
UNARY = (
    *("copy", "neg", "tanh", "exp", "log", "sqrt", "reciprocal", "sin", "cos", "erf", "abs", "sign", "log1p", "expm1"),
    *("cosh", "sinh", "atan"),
)
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
BINARY = ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "tanh_backward", *COMPARISONS)
TERNARY = ("where",)
OPERATIONS = (
    *(*UNARY, *BINARY, *TERNARY, "sum", "amax"),
    *("product", "accumulate", "transpose", "gather", "scatter", "scatter_add"),
)


class Operand(ctypes.Structure):
    """A tensor: area, first value, stride of each axis."""

    _fields_ = [("area", ctypes.c_int64), ("offset", ctypes.c_int64), ("strides", ctypes.c_int64 * AXES)]


class Instruction(ctypes.Structure):
    """An operation on up to three tensors, over `rank` axes."""

    _fields_ = [
        *(("operation", ctypes.c_int64), ("rank", ctypes.c_int64), ("extents", ctypes.c_int64 * AXES)),
        *((name, Operand) for name in ("out", "a", "b", "c")),
    ]


class Rows(ctypes.Structure):
    """Rows of equal length: of a parameter, in memory each padded to whole vectors."""

    _fields_ = [("rows", ctypes.c_int64), ("columns", ctypes.c_int64)]


class Data(ctypes.Structure):
    """What the agents have, (agents, samples, rows, columns); rows = 0 where a sample is a single number."""

    _fields_ = [("values", ctypes.c_void_p), ("rows", ctypes.c_int64), ("columns", ctypes.c_int64)]


class Program(ctypes.Structure):
    """One recorded program, for one number of samples: its memory, its constants and the instructions of each phase.

    `offsets` says where each piece of data lies in the memory of a batch.
    """

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("samples", "kept_values", "batch_values")),
        ("offsets", ctypes.POINTER(ctypes.c_int64)),
        ("constants", ctypes.c_void_p),
        ("counts", ctypes.c_int64 * len(PHASES)),
        ("phases", ctypes.POINTER(Instruction) * len(PHASES)),
    ]
