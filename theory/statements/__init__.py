"""The statements, one file each, as on a page: symbols, right sides, statement and proof, recursions of the proof.

A file exports FORMULAS and STATEMENT, or FORMULAS alone where it holds what others share.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType


def pages(package: str = __name__) -> Iterator[ModuleType]:
    """Every file of the folder by name, those of its subfolders (what is published) last: this is the only list.

    >>> [page.__name__.rpartition(".")[2] for page in pages()][:3]
    ['s01', 's02', 's03']
    """
    found = pkgutil.iter_modules(import_module(package).__path__)
    for item in sorted(found, key=lambda item: (item.ispkg, item.name)):
        name = f"{package}.{item.name}"
        yield from pages(name) if item.ispkg else (import_module(name),)
