"""The instructions of a recorded program, field by field as in source/program.h and source/recorded.h."""

from __future__ import annotations

import ctypes

AXES = 6
AREAS = ("scratch", "kept", "point", "vector", "batch", "constants", "gradient", "result")
PHASES = ("samples", "primal", "gradient", "tangent")
OPERATIONS = (
    *("copy", "negative", "tanh", "exponential", "logarithm", "square root", "reciprocal", "sine", "cosine"),
    *("error function", "absolute", "sign", "logarithm of more", "exponential less", "hyperbolic cosine"),
    *("hyperbolic sine", "arctangent"),
    *("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "tanh backward"),
    *("equal", "unequal", "less", "at most", "greater", "at least"),
    "where",
    *("total", "highest"),
    *("product", "accumulate", "transpose"),
    *("gather", "scatter", "scatter add"),
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
    """One recorded program: its memory, its constants and the instructions of each phase."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("samples", "kept_values", "batch_values")),
        ("offsets", ctypes.POINTER(ctypes.c_int64)),
        ("constants", ctypes.c_void_p),
        ("counts", ctypes.c_int64 * len(PHASES)),
        ("phases", ctypes.POINTER(Instruction) * len(PHASES)),
    ]
