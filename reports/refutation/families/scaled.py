"""A family in every unit: curvatures and lengths times powers of two, so that no scale of alpha, L or B is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, final

import torch
from torch import Tensor

from reports.refutation.family import Batch, Family, Instance, Parameter, Target
from theory.language.symbols import KNOWN
from theory.language.units import Unit
from theory.tables import default_table

_SCALES = (Parameter("curvature", 1e-6, 1e6, True), Parameter("length", 1e-6, 1e6, True))
# how curvature and length enter the numbers of a task and of a cell: as powers (of curvature, of length)
_TASK = {
    "A": (1, 0), "c": (0, 1), "a": (0, -1), "s": (1, 2), "phi": (0, 0), "knots": (0, 1), "curvature": (1, 0),
    "slope": (1, 1), "at": (0, 1),
}  # fmt: skip
_NOISE = {"gradient": (1, 1), "amplitude": (1, 2), "frequency": (0, -1)}
_CELL = {"alpha": (-1, 0), "beta": (-1, 0), "delta": (-1, 0), "at": (0, 1), "pair": (0, 1), "start": (0, 1)}


@final
class Scaled(Family):
    """The instances of a family with f(w) replaced by c l^2 f(w/l): everything measured scales by its unit, exactly."""

    def __init__(self, family: Family) -> None:
        """Take the family whose units are to vary."""
        self._family = family
        self.name, self.words, self.mode = family.name, f"{family.words}, in units 1e-6 to 1e6", family.mode
        self.parameters = (*family.parameters, *_SCALES)
        self.targets, self.options, self.most = family.targets, family.options, family.most

    def batch(self, x: Tensor, option: Mapping[str, int]) -> Batch:
        """The family's left sides and constants, each in its new unit."""
        found, (c, length) = self._family.batch(x[:, :-2], option), torch.exp2(torch.log2(x[:, -2:]).round()).T

        formulas = default_table().formulas

        def scaled(value: Tensor, unit: Unit) -> Tensor:
            degree = float(unit.loss)
            return value * c**degree * length ** (2 * degree + float(unit.parameter))

        def inputs(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {
                name: scaled(value, (KNOWN.get(name) or formulas[name].symbol).record.unit)
                for name, value in given.items()
            }

        # what is measured beside a left side has its unit
        units = {target: formulas[target[1] if target[1] in formulas else target[0]].unit for target in found.measured}
        measured = {target: scaled(value, units[target]) for target, value in found.measured.items()}
        own = {target: inputs(given) for target, given in found.own.items()}
        return Batch(measured, inputs(found.inputs), found.counts, own, found.options)

    def instance(self, x: Sequence[Fraction], option: Mapping[str, int], target: Target) -> Instance:
        """The family's instance, its numbers times powers of two, which rounds nothing."""
        made = self._family.instance(x[:-2], option, target)
        scales = [Fraction(2) ** round(math.log2(scale)) for scale in x[-2:]]
        arguments = {
            name: _times(value, scales, _TASK[name]) for name, value in made.task.arguments.items() if name != "noise"
        }
        if "noise" in made.task.arguments:
            noise = made.task.arguments["noise"]
            arguments["noise"] = {key: _times(noise[key], scales, _NOISE.get(key, (0, 0))) for key in noise}
        given = {name: getattr(made.cell, name, None) for name in _CELL}
        changed = {name: _times(value, scales, _CELL[name]) for name, value in given.items() if value is not None}
        task = made.task.model_copy(update={"arguments": arguments})
        return Instance(task, made.cell.model_copy(update=changed))

    def rounded(self, x: Sequence[float], denominator: int) -> tuple[Fraction, ...]:
        """The scales stay: they are powers of two in every instance."""
        return (*self._family.rounded(x[:-2], denominator), *map(Fraction, x[-2:]))

    def serves(self, target: Target, option: Mapping[str, int]) -> bool:
        """As the family in its own units."""
        return self._family.serves(target, option)

    def plain(self, x: Sequence[float]) -> tuple[float, ...]:
        """The same point with both scales 1."""
        return (*x[:-2], 1.0, 1.0)


def _times(value: Any, scales: Sequence[Fraction], powers: tuple[int, int]) -> Any:
    """A number, or every number of a nested list, times curvature and length to these powers."""
    if isinstance(value, list):
        return [_times(item, scales, powers) for item in value]
    factor = scales[0] ** powers[0] * scales[1] ** powers[1]
    return value * factor if isinstance(value, Fraction) else float(value) * float(factor)
