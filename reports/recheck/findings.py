"""What a check has to say."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Findings:
    """Lines for a reader.

    differences: what is not as the report says, or could not be computed again. notes: what changes nothing. trusted:
    what was not computed again but believed.
    """

    differences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    trusted: list[str] = field(default_factory=list)
