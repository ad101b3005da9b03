"""Which case of a quantity is in use: conditions that a set of inputs either meets or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from theory.language.modes import Mode
from theory.language.options import Option
from theory.language.symbols import Symbol


class Facts(Protocol):
    """What a condition may ask about the inputs."""

    @property
    def mode(self) -> Mode:
        """The mode in use."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The symbols whose being given decides."""
        ...

    @property
    def options(self) -> Mapping[str, str]:
        """The options that have a value of their own."""
        ...

    def is_zero(self, symbol: Symbol) -> bool:
        """Whether an input or quantity is exactly zero."""
        ...


class Condition(ABC):
    """A condition on the inputs."""

    @property
    def latex(self) -> str:
        """The condition in LaTeX."""
        return self._shown()[0]

    @property
    def text(self) -> str:
        """The condition in words."""
        return self._shown()[1]

    @property
    def asks(self) -> tuple[Symbol, ...]:
        """What must have a value before the condition can be decided."""
        return ()

    @abstractmethod
    def holds(self, facts: Facts) -> bool:
        """Whether the inputs meet the condition."""

    @abstractmethod
    def _shown(self) -> tuple[str, str]:
        """The condition in LaTeX and in words."""


@dataclass(frozen=True)
class Otherwise(Condition):
    """Always met: the last case."""

    def holds(self, facts: Facts) -> bool:
        """True whatever is given."""
        return True

    def _shown(self) -> tuple[str, str]:
        return r"\text{otherwise}", "otherwise"


@dataclass(frozen=True)
class Given(Condition):
    """Met when an optional input is given."""

    symbol: Symbol

    def holds(self, facts: Facts) -> bool:
        """Whether the input is among the given ones."""
        return self.symbol.name in facts.inputs

    def _shown(self) -> tuple[str, str]:
        return rf"{self.symbol.record.latex} \text{{ given}}", f"{self.symbol} given"


@dataclass(frozen=True)
class AnyGiven(Condition):
    """Met when one of several symbols is given."""

    symbols: tuple[Symbol, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether any of them is among the given ones."""
        return any(item.name in facts.inputs for item in self.symbols)

    def _shown(self) -> tuple[str, str]:
        latex = r" \text{ or } ".join(item.record.latex for item in self.symbols)
        return rf"{latex} \text{{ given}}", f"{' or '.join(map(str, self.symbols))} given"


@dataclass(frozen=True)
class ModeIs(Condition):
    """Met in one of the modes."""

    mode: Mode

    def holds(self, facts: Facts) -> bool:
        """Whether the mode is this one."""
        return facts.mode == self.mode

    def _shown(self) -> tuple[str, str]:
        return rf"\text{{{self.mode.name.replace('_', ' ')}}}", f"mode {self.mode}"


@dataclass(frozen=True)
class Chosen(Condition):
    """Met when an option has this value."""

    option: Option
    value: str

    def holds(self, facts: Facts) -> bool:
        """Whether the option has the value."""
        return facts.options.get(self.option.name, self.option.default) == self.value

    def _shown(self) -> tuple[str, str]:
        return rf"\text{{{self.option.name}}} = \text{{{self.value}}}", f"{self.option.name} = {self.value}"


@dataclass(frozen=True)
class IsOne(Condition):
    """Met when a count equals one."""

    symbol: Symbol

    def holds(self, facts: Facts) -> bool:
        """Whether the input is 1."""
        return facts.inputs.get(self.symbol.name) == 1

    def _shown(self) -> tuple[str, str]:
        return f"{self.symbol.record.latex} = 1", f"{self.symbol} = 1"


@dataclass(frozen=True)
class AllZero(Condition):
    """Met when all of these quantities are exactly zero."""

    symbols: tuple[Symbol, ...]

    @property
    def asks(self) -> tuple[Symbol, ...]:
        """The quantities whose values decide."""
        return self.symbols

    def holds(self, facts: Facts) -> bool:
        """Whether all of them vanish."""
        return all(facts.is_zero(item) for item in self.symbols)

    def _shown(self) -> tuple[str, str]:
        roots = (item.record.root or item.record.latex for item in self.symbols)
        return " = ".join((*roots, "0")), " = ".join((*map(str, self.symbols), "0"))


@dataclass(frozen=True)
class Not(Condition):
    """Met when another condition is not."""

    condition: Condition

    @property
    def asks(self) -> tuple[Symbol, ...]:
        """What the other condition asks."""
        return self.condition.asks

    def holds(self, facts: Facts) -> bool:
        """Whether the other condition is not met."""
        return not self.condition.holds(facts)

    def _shown(self) -> tuple[str, str]:
        latex, text = self.condition._shown()
        if text.count(" = ") == 1:
            return latex.replace(" = ", r" \ne "), text.replace(" = ", " != ")
        return rf"\text{{not: }} {latex}", f"not ({text})"


@dataclass(frozen=True)
class AllOf(Condition):
    """Met when all of several conditions are."""

    conditions: tuple[Condition, ...]

    @property
    def asks(self) -> tuple[Symbol, ...]:
        """What any of them asks."""
        return tuple(dict.fromkeys(item for one in self.conditions for item in one.asks))

    def holds(self, facts: Facts) -> bool:
        """Whether every one is met."""
        return all(one.holds(facts) for one in self.conditions)

    def _shown(self) -> tuple[str, str]:
        shown = [one._shown() for one in self.conditions]
        return r" \text{ and } ".join(latex for latex, _ in shown), " and ".join(text for _, text in shown)


@dataclass(frozen=True)
class GivenZero(Condition):
    """Met when an input is given and equals zero."""

    symbol: Symbol

    def holds(self, facts: Facts) -> bool:
        """Whether the input is 0."""
        return facts.inputs.get(self.symbol.name) == 0

    def _shown(self) -> tuple[str, str]:
        return f"{self.symbol.record.latex} = 0", f"{self.symbol} = 0"
