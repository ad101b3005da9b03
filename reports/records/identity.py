"""Who computes: which sources and versions, so that nobody whose numbers could differ takes part."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata, resources
from pathlib import Path

from reports.records.sources import own_version
from reports.user_objects import look_here

_SUFFIXES = (".py", ".toml", ".cpp", ".h")
_LIBRARIES = ("torch", "numpy", "scipy", "python-flint")


@cache
def identity(own: tuple[str, ...] = ()) -> Mapping[str, str]:
    """By name, the versions that decide what is computed here; own: MODULE:NAMEs of a user's that take part."""
    look_here()
    versions, modules = {name: metadata.version(name) for name in _LIBRARIES}, {one.partition(":")[0] for one in own}
    return {
        "the code of meta-fedavg-bounds": _code(),
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "machine": f"{sys.platform} {platform.machine()}",
        **versions,
        **{f"module {name}": digest for name in modules if (digest := _module(name, own))},
    }


def _module(name: str, own: tuple[str, ...]) -> str:
    """SHA-256 of a module of a user's and all that it imports, where it is installed of its file; '' for none."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return ""
    if spec is None:
        return ""
    digest = hashlib.sha256()
    for there in own_version(one for one in own if one.partition(":")[0] == name).values():
        digest.update(there.encode())
    if spec.origin is not None and Path(spec.origin).is_file():
        digest.update(Path(spec.origin).read_bytes())
    return digest.hexdigest()


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """What another has in another version, in words; '' where nothing differs.

    >>> differences({"torch": "2.13.0", "numpy": "2.4.6"}, {"torch": "2.12.0", "numpy": "2.4.6"})
    'torch is 2.12.0 there and 2.13.0 here'
    """
    return "; ".join(
        f"{name} is {_short(there.get(name, 'absent'))} there and {_short(value)} here"
        for name, value in here.items()
        if there.get(name) != value
    )


def _short(version: str) -> str:
    return version[:12] if len(version) == 64 else version


@cache
def _code() -> str:
    """SHA-256 of all our sources: a cluster is sent more than cells."""
    digest = hashlib.sha256()
    for package in ("empirics", "reports", "theory"):
        root = Path(str(resources.files(package)))
        for path in sorted(path for path in root.rglob("*") if path.suffix in _SUFFIXES):
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
