"""All families that are searched, in every unit where their tasks are written out."""

from __future__ import annotations

from empirics.algorithm.modes import FULL_BATCH, MODES, Mode
from reports.refutation.families.broken_lines import BrokenLines, NoisyBrokenLines
from reports.refutation.families.every_agent import EveryAgent
from reports.refutation.families.line_rounds import LineRounds
from reports.refutation.families.noisy_parabolas import HessianNoise, NoisyParabolas
from reports.refutation.families.parabolas import Parabolas, TwoParabolas
from reports.refutation.families.reflections import Reflections
from reports.refutation.families.rounds import Rounds
from reports.refutation.families.scaled import Scaled
from reports.refutation.families.waves import LeaningWaves, TwoWaves, Waves
from reports.refutation.families.wedges import Wedges
from reports.refutation.family import Family, Target

FAMILIES: tuple[Family, ...] = (
    *(Scaled(family) for family in (
        Parabolas(), Waves(), TwoWaves(), LeaningWaves(), TwoParabolas(), NoisyParabolas(), HessianNoise(),
        BrokenLines(), NoisyBrokenLines(),
        *(Rounds(mode) for mode in MODES),
        *(LineRounds(mode) for mode in FULL_BATCH),
        *(EveryAgent(mode) for mode in (Mode.EXACT, Mode.FIRST_ORDER)),
    )),
    Reflections(),
    Wedges(),
)  # fmt: skip


def families_for(target: Target) -> list[Family]:
    """The families on which a statement's left side can be computed."""
    return [family for family in FAMILIES if target in family.targets]
