"""Which case of a quantity is in use: conditions that a set of inputs either meets or not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from theory.symbols import RECORDS


class Facts(Protocol):
    """What a condition may ask about the inputs."""

    @property
    def mode(self) -> str:
        """The mode in use."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The given inputs."""
        ...

    def is_zero(self, name: str) -> bool:
        """Whether the named quantity is exactly zero."""
        ...


class Condition(ABC):
    """A condition on the inputs; `latex` and `text` are what a reader sees."""

    @property
    @abstractmethod
    def latex(self) -> str:
        """The condition in LaTeX."""

    @property
    @abstractmethod
    def text(self) -> str:
        """The condition in words."""

    @abstractmethod
    def holds(self, facts: Facts) -> bool:
        """Whether the inputs meet the condition."""


@dataclass(frozen=True)
class Otherwise(Condition):
    """Always met: the last case."""

    @property
    def latex(self) -> str:
        """The word."""
        return r"\text{otherwise}"

    @property
    def text(self) -> str:
        """The word."""
        return "otherwise"

    def holds(self, facts: Facts) -> bool:
        """Always true."""
        return True


@dataclass(frozen=True)
class Given(Condition):
    """Met when an optional input is given."""

    name: str

    @property
    def latex(self) -> str:
        """The condition in words."""
        return rf"{RECORDS[self.name].latex} \text{{ given}}"

    @property
    def text(self) -> str:
        """The condition in words."""
        return f"{self.name} given"

    def holds(self, facts: Facts) -> bool:
        """Whether the input is among the given ones."""
        return self.name in facts.inputs


@dataclass(frozen=True)
class ModeIs(Condition):
    """Met in one of the six modes."""

    mode: str

    @property
    def latex(self) -> str:
        """The name of the mode."""
        return rf"\text{{{self.mode.replace('_', ' ')}}}"

    @property
    def text(self) -> str:
        """The name of the mode."""
        return f"mode {self.mode}"

    def holds(self, facts: Facts) -> bool:
        """Whether the mode is this one."""
        return facts.mode == self.mode


@dataclass(frozen=True)
class IsOne(Condition):
    """Met when a count equals one."""

    name: str

    @property
    def latex(self) -> str:
        """The equation."""
        return f"{RECORDS[self.name].latex} = 1"

    @property
    def text(self) -> str:
        """The equation."""
        return f"{self.name} = 1"

    def holds(self, facts: Facts) -> bool:
        """Whether the input is 1."""
        return facts.inputs.get(self.name) == 1


@dataclass(frozen=True)
class AllZero(Condition):
    """Met when every named quantity is exactly zero."""

    names: tuple[str, ...]

    @property
    def latex(self) -> str:
        """The equation."""
        return " = ".join(RECORDS[name].root or RECORDS[name].latex for name in self.names) + " = 0"

    @property
    def text(self) -> str:
        """The equation."""
        return " = ".join(self.names) + " = 0"

    def holds(self, facts: Facts) -> bool:
        """Whether all of them vanish."""
        return all(facts.is_zero(name) for name in self.names)
