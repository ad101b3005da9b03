"""The statements, one file each, as on a page: symbols, right sides, statement and proof, recursions of the proof.

A file exports FORMULAS and STATEMENT, or FORMULAS alone where it holds what others share.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

_ORDER = "sdtc"  # steps of the analysis, drift, theorems, corollaries


def pages(package: str = __name__) -> Iterator[ModuleType]:
    """Every file of the folder: what is shared, S, D, T and C, each by name, subfolders (what is published) last.

    >>> [page.__name__.rpartition(".")[2] for page in pages()][:3]
    ['lemmas', 'noisy_path', 's01']
    """
    found = pkgutil.iter_modules(import_module(package).__path__)
    for item in sorted(found, key=lambda item: (item.ispkg, _ORDER.find(item.name[0]), item.name)):
        name = f"{package}.{item.name}"
        yield from pages(name) if item.ispkg else (import_module(name),)
