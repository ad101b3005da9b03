"""Which source decides a record: our folders that compute, and the files of a user's own that take part."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from pathlib import Path

# what only judges or shows results cannot change what is recorded
COMPUTING = {
    "empirics": ("numerics", "graphs", "tasks", "algorithm", "backends", "runs", "certificates", "estimation"),
    "theory": ("language", "statements", "enclosure", "views.py", "tables.py", "growth.py", "admissibility.py"),
    "reports": (
        *("cells", "tasks", "balls", "certificates", "measure", "statements"),
        *(
            f"records/{name}.py"
            for name in (
                "atomic",
                "curves",
                "execution",
                "record",
                "seeded_cell",
                "seeds",
                "sources",
                "store",
                "threads",
            )
        ),
    ),
}
_SUFFIXES = (".py", ".toml", ".cpp", ".h")
_OURS = ("empirics", "reports", "theory")


@cache
def code_version() -> str:
    """SHA-256 of our sources that decide what is run and recorded, so that a changed engine never meets old records."""
    digest = hashlib.sha256()
    for package, rooms in COMPUTING.items():
        root = Path(str(resources.files(package)))
        for path in sorted(path for room in rooms for path in _files(root / room)):
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    yield from (path for path in ([place] if place.is_file() else place.rglob("*")) if path.suffix in _SUFFIXES)


def own_version(names: Iterable[str]) -> dict[str, str]:
    """SHA-256, by MODULE:NAME, of the module and of every module of the user's that it imports; by path, of a file.

    '' for a file that is not there.
    """
    return {name: _own_version(name) if ":" in name else _file_version(name) for name in sorted(names)}


def _file_version(name: str) -> str:
    path = Path(name)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@cache
def _own_version(place: str) -> str:
    """MODULE:NAME may be an attribute of the module or a module of a package: both count."""
    digest = hashlib.sha256()
    module, _, attribute = place.partition(":")
    for name, path in sorted({**own_modules(module), **own_modules(f"{module}.{attribute}")}.items()):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def own_modules(module: str) -> dict[str, Path]:
    """The files behind a module of a user's and behind all that it imports, without what is installed and ours.

    Imports are read off the text, in function bodies too, so that nothing has to be run.
    """
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _own_file(name)
        if name in found or path is None:
            continue
        found[name] = path
        waiting += _parents(name)
        waiting += _imported(name, path)
    return found


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _own_file(name: str) -> Path | None:
    """The Python file of a module that is neither installed, nor the language's, nor ours; None for any other."""
    if name.split(".")[0] in _OURS:
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin).resolve()
    installed = (Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "platstdlib", "purelib", "platlib"))
    return None if any(path.is_relative_to(place) for place in installed) else path


def _imported(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            try:
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            except ImportError:
                continue
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
