"""What both sides of the compiled engine know, written out for C++: the structures, and the names behind numbers.

setup.py writes it beside the objects that it compiles, so nothing here may need more than the standard library.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Sequence
from typing import Any

from empirics.backends.native.instructions import (
    AREAS,
    AXES,
    BINARY,
    OPERATIONS,
    PHASES,
    TERNARY,
    UNARY,
    Data,
    Instruction,
    Operand,
    Program,
    Rows,
)
from empirics.backends.native.job import Job, Signed, Unsigned

# each after those that it contains
STRUCTURES: tuple[type[ctypes.Structure], ...] = (Operand, Instruction, Rows, Data, Program, Job)
_SCALARS: dict[Any, str] = {
    ctypes.c_int64: "int64_t",
    ctypes.c_double: "double",
    ctypes.c_void_p: "void*",
    Signed: "const int64_t*",
    Unsigned: "const uint64_t*",
}


def header() -> str:
    """The whole file: enumerations as namespaces of constants, X-macros over names, structures field by field.

    >>> [line for line in header().splitlines() if line.startswith("struct Rows")]
    ['struct Rows { int64_t rows; int64_t columns; };']
    """
    first = ("// Written by empirics/backends/native/header.py.", "#pragma once", "#include <cstdint>")
    return "\n".join([*first, *_declarations(), f"constexpr int64_t DIGEST = {digest()};", ""])


def digest() -> int:
    """A number that changes with what is declared: a library tells by it whether it was made for this Python code."""
    return int.from_bytes(hashlib.blake2b("\n".join(_declarations()).encode(), digest_size=7).digest(), "big")


def _declarations() -> list[str]:
    return [
        *(_enumeration("area", AREAS), _enumeration("phase", PHASES), _enumeration("operation", OPERATIONS)),
        *(_macro("UNARY", UNARY), _macro("BINARY", BINARY), _macro("TERNARY", TERNARY)),
        _macro("STRUCTURE", [kind.__name__ for kind in STRUCTURES]),
        f"constexpr int64_t AXES = {AXES};",
        *map(_structure, STRUCTURES),
    ]


def _enumeration(name: str, members: Sequence[str]) -> str:
    return f"namespace {name} {{ enum : int64_t {{ {', '.join(members)}, count }}; }}"


def _macro(name: str, members: Sequence[str]) -> str:
    return f"#define EACH_{name}(apply) {' '.join(f'apply({member})' for member in members)}"


def _structure(kind: type[ctypes.Structure]) -> str:
    fields = " ".join(_field(*field[:2]) for field in kind._fields_)
    return f"struct {kind.__name__} {{ {fields} }};"


def _field(name: str, kind: Any) -> str:
    if issubclass(kind, ctypes.Array):
        return f"{_type_name(kind._type_)} {name}[{kind._length_}];"
    return f"{_type_name(kind)} {name};"


def _type_name(kind: Any) -> str:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if issubclass(kind, ctypes.Structure):
        return kind.__name__
    return f"const {_type_name(kind._type_)}*"  # a pointer
