"""A failed property, said so that its reader can act: both numbers, the likely cause, the case, a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from empirics.testing.arrays import Arrays, WrongResultError
from empirics.testing.comparison import Comparison
from empirics.testing.meta_step import FromParameters
from empirics.testing.property import Property
from empirics.testing.source import made_again


@dataclass(frozen=True, eq=False)
class Failure:
    """One property that failed, with the smallest case that was found; `script` repeats it without hypothesis."""

    checker: str
    property: str
    claim: str
    mode: str
    dtype: str
    cause: str
    case: Any
    comparison: Comparison | None
    error: WrongResultError | None
    script: str

    def __str__(self) -> str:
        """The whole report, from the claim to the script."""
        if self.comparison is None:
            sides = [f"found:     {self.error}", "expected:  one gradient"]
        else:
            found, _, rest = str(self.comparison).partition(", expected ")
            expected, _, tolerance = rest.rpartition(", tolerance ")
            sides = [
                f"found:     {found.removeprefix('found ')}",
                f"expected:  {expected.removeprefix('== ')}",
                f"off by:    {self.comparison.difference:.3g}, and rounding explains at most {tolerance}",
            ]
        lines = [
            f"property:  {self.property} ({self.checker}, mode {self.mode}, {self.dtype})",
            f"claim:     {self.claim}",
            *sides,
            f"likely:    {self.cause}",
            f"case:      {self.case!r}",
            "repeat it without hypothesis:",
            *(f"    {line}" for line in self.script.splitlines()),
        ]
        return "\n".join(lines)


class CheckFailedError(AssertionError):
    """Raised by a checker; `failures` holds every property that failed, the first of which is printed in full."""

    def __init__(self, checker: str, tested: int, failures: tuple[Failure, ...]) -> None:
        """Keep the failures; the message tells the first in full."""
        names = ", ".join(f"{failure.property} ({failure.mode})" for failure in failures)
        super().__init__(f"{checker}: {len(failures)} of {tested} properties failed: {names}\n\n{failures[0]}")
        self.failures = failures


def script_of(tested: Property, f: Callable[..., Any], case: Any, arrays: Arrays) -> str:
    """Python that prints the comparison of a property on a case, without hypothesis."""
    options = ', returns="parameters"' if isinstance(f, FromParameters) else ""
    f = f.f if isinstance(f, FromParameters) else f
    adapter = getattr(f, "adapter", "")
    lines, name = made_again(f.train if adapter else f)  # type: ignore[attr-defined]
    more, arguments = f.stated() if hasattr(f, "stated") else ([], "")  # type: ignore[attr-defined]
    call = f"{adapter}({name}{arguments})" if adapter else name
    used = ", ".join(sorted({*_classes(case), "replay", *([adapter] if adapter else [])}))
    return "\n".join(
        [
            f"from empirics.testing import {used}",
            *lines,
            *more,
            f"case = {case!r}",
            f'print(replay("{tested.name}", {call}, case, "{arrays}"{options}))',
        ]
    )


def _classes(value: Any) -> set[str]:
    """Names of the dataclasses that a case is made of."""
    if isinstance(value, tuple):
        return set().union(*map(_classes, value))
    if not is_dataclass(value):
        return {"module_problem"} if type(value).__name__ == "ModuleProblem" else set()
    inner = (_classes(getattr(value, field.name)) for field in fields(value))
    return {type(value).__name__}.union(*inner)
