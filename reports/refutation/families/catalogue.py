"""All families that are searched, each in every unit."""

from __future__ import annotations

from empirics.algorithm.modes import FULL_BATCH, MODES
from reports.refutation.families.broken_lines import BrokenLines, NoisyBrokenLines
from reports.refutation.families.line_rounds import LineRounds
from reports.refutation.families.noisy_parabolas import HessianNoise, NoisyParabolas
from reports.refutation.families.parabolas import Parabolas, TwoParabolas
from reports.refutation.families.rounds import Rounds
from reports.refutation.families.scaled import Scaled
from reports.refutation.families.waves import LeaningWaves, TwoWaves, Waves
from reports.refutation.family import Family, Target

FAMILIES: tuple[Family, ...] = tuple(
    Scaled(family)
    for family in (
        Parabolas(), Waves(), TwoWaves(), LeaningWaves(), TwoParabolas(), NoisyParabolas(), HessianNoise(),
        BrokenLines(), NoisyBrokenLines(),
        *(Rounds(mode) for mode in MODES),
        *(LineRounds(mode) for mode in FULL_BATCH),
    )
)  # fmt: skip


def families_for(target: Target) -> list[Family]:
    """The families on which a statement's left side can be computed."""
    return [family for family in FAMILIES if target in family.targets]
