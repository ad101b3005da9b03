"""A function as Python that makes it again: by import, or by its own text where it cannot be imported."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from types import CodeType, ModuleType
from typing import Any

_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_DEPTH = 5


def made_again(f: Callable[..., Any], name: str = "mine") -> tuple[list[str], str]:
    """Lines that make the function, and its name in them.

    A function of a module is imported. Of a closure, a lambda or a function of a script the text is shown, after what
    it uses: numbers, modules, and other functions in the same way. What cannot be said is left to the reader.

    >>> import math
    >>> made_again(math.sqrt)
    (['from math import sqrt'], 'sqrt')
    """
    lines: dict[str, None] = {}
    try:
        return _stated(f, name, lines, _DEPTH)
    except _UnsaidError as what:
        return [f"# {what} has to be filled in by hand", "from your_module import your_function"], "your_function"


class _UnsaidError(Exception):
    pass


def _stated(f: Any, name: str, lines: dict[str, None], depth: int) -> tuple[list[str], str]:
    own, module = getattr(f, "__qualname__", ""), getattr(f, "__module__", None)
    if own.isidentifier() and own != "<lambda>" and module not in (None, "__main__") and _is_found(module, own, f):
        lines[f"from {module} import {own}"] = None
        return list(lines), own
    code = getattr(f, "__code__", None)
    if code is None or not depth:
        raise _UnsaidError(own or repr(f))
    text = _text(f, name)
    cells = zip(code.co_freevars, f.__closure__ or (), strict=True)
    used = {key: cell.cell_contents for key, cell in cells}
    used |= {key: f.__globals__[key] for key in _names(code) if key in f.__globals__}
    for key, value in used.items():
        if value is not f:
            _state(key, value, lines, depth)
    defaults = f.__defaults__ or ()
    if not all(isinstance(value, _PLAIN) for value in defaults):
        raise _UnsaidError(f"a default of {own}")
    lines[text] = None
    return list(lines), f.__name__ if f.__name__.isidentifier() else name


def _state(key: str, value: Any, lines: dict[str, None], depth: int) -> None:
    if isinstance(value, ModuleType):
        lines[f"import {value.__name__}" + (f" as {key}" if key != value.__name__ else "")] = None
    elif isinstance(value, _PLAIN):
        lines[f"{key} = {value!r}"] = None
    elif callable(value):
        _, other = _stated(value, key, lines, depth - 1)
        if other != key:
            lines[f"{key} = {other}"] = None
    else:
        raise _UnsaidError(key)


def _text(f: Any, name: str) -> str:
    """Its source, as a statement that defines it."""
    try:
        text = textwrap.dedent(inspect.getsource(f))
    except (OSError, TypeError):
        raise _UnsaidError(f.__qualname__) from None
    if f.__name__ != "<lambda>":
        tree = ast.parse(text).body[0]
        assert isinstance(tree, ast.FunctionDef)
        tree.decorator_list = []
        return ast.unparse(tree)
    found = [node for node in ast.walk(_parsed(text)) if isinstance(node, ast.Lambda)]
    alike = [node for node in found if _same_code(node, f.__code__)]
    if len(alike) != 1:
        raise _UnsaidError("the lambda")
    return f"{name} = {ast.unparse(alike[0])}"


def _parsed(text: str) -> ast.AST:
    """The lines of a lambda, which may stand in the middle of a longer statement."""
    for start in range(len(text)):
        if text.startswith("lambda", start):
            for end in range(len(text), start, -1):
                try:
                    return ast.parse(text[start:end].strip(), mode="eval")
                except SyntaxError:
                    continue
    raise _UnsaidError("the lambda")


def _same_code(node: ast.Lambda, code: CodeType) -> bool:
    made = compile(ast.Expression(node), "<lambda>", "eval").co_consts[0]
    return isinstance(made, CodeType) and (made.co_varnames, made.co_consts) == (code.co_varnames, code.co_consts)


def _names(code: CodeType) -> list[str]:
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names(part)]
    return [*code.co_names, *inner]


def _is_found(module: str, name: str, f: Any) -> bool:
    return getattr(sys.modules.get(module), name, None) is f
