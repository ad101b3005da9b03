"""How many examples a checker tries, and how they are chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, Verbosity, settings

from empirics.numerics.checks import integer
from empirics.numerics.errors import InputError, near


@dataclass(frozen=True)
class SearchBudget:
    """Examples for each property; `repeatable`: the same in every run, `targeted`: climbing towards failure.

    `large`: how many cases beyond the sizes that are searched.
    """

    examples: int
    repeatable: bool
    targeted: bool = False
    shrink: bool = True
    large: int = 1

    def settings(self) -> settings:
        """As hypothesis wants it: no deadline, no database, nothing printed."""
        phases = [Phase.explicit, Phase.generate, *([Phase.target] if self.targeted else [])]
        return settings(
            max_examples=self.examples,
            derandomize=self.repeatable,
            phases=[*phases, Phase.shrink] if self.shrink else phases,
            deadline=None,
            database=None,
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),  # type: ignore[arg-type]
        )


PROFILES = {
    "ci": SearchBudget(25, repeatable=True),
    "thorough": SearchBudget(250, repeatable=False, large=25),
    "targeted": SearchBudget(250, repeatable=False, targeted=True, large=25),
}


def budget_of(profile: str, max_examples: int | None) -> SearchBudget:
    """The budget of a profile, with another number of examples if one is given.

    >>> budget_of("ci", 7).examples
    7
    """
    if profile not in PROFILES:
        raise InputError(f"profile = {profile!r}: expected one of {', '.join(PROFILES)}{near(profile, PROFILES)}")
    budget = PROFILES[profile]
    if max_examples is None:
        return budget
    return replace(budget, examples=integer("max_examples", max_examples, at_least=1))


def register_profiles() -> None:
    """Make ci, thorough and targeted known to hypothesis itself, for tests that use `given` directly."""
    for name, budget in PROFILES.items():
        settings.register_profile(name, budget.settings())
