"""The packaged plans by name, without reading any."""

from __future__ import annotations

from importlib import resources

PROFILES = ("quick", "standard", "full")
WITNESSES = "witnesses"


def plan_names() -> list[str]:
    """The names of the packaged plans, in order.

    >>> set(PROFILES) < set(plan_names())
    True
    """
    files = (resources.files("reports") / "plans").iterdir()
    return sorted([WITNESSES, *(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))])
