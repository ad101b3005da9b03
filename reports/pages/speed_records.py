"""What `python -m benchmarks.run` measures, as it is stored; plain data that needs no library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class _Record:
    """Refuses what it does not know, where it is read back, and an empty list where something must have been seen."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    filled: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.filled:
            if not getattr(self, name):
                raise ValueError(f"{name} is empty: expected at least one entry")


@dataclass(frozen=True, kw_only=True)
class Machine(_Record):
    """Where something was measured: processor, cores, threads used, accelerator, versions of the libraries."""

    processor: str
    cores: int
    threads: int
    accelerator: str | None
    versions: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Timing(_Record):
    """One implementation on one workload.

    `seconds` of each repeat, scaled to all rounds where only `timed_rounds` were run; `ratios` to ours, repeat by
    repeat; `first_call_extra_seconds` is what the first call took beyond the median (compilation);
    `memory_bytes` is the peak growth of its process by data, code and run; `difference` the largest deviation from
    our float64 iterates over `checked_rounds`, relative to the largest entry.
    """

    filled: ClassVar[tuple[str, ...]] = ("seconds", "ratios")
    peer: str
    title: str
    seconds: list[float]
    ratios: list[float]
    timed_rounds: int
    first_call_extra_seconds: float
    memory_bytes: int
    difference: float
    checked_rounds: int
    backend: str | None = None


@dataclass(frozen=True, kw_only=True)
class SpeedTable(_Record):
    """A workload on a machine: its sizes, the operations that it needs, the measured peak, and all timings."""

    filled: ClassVar[tuple[str, ...]] = ("timings",)
    workload: str
    title: str
    device: str
    scale: int
    dtype: str
    mode: str
    agents: int
    participants: int
    d: int
    nu: int
    tau: int
    rounds: int
    flops: int
    counted: str
    peak_flops: float
    machine: Machine
    timings: list[Timing]
    missing: list[str]


@dataclass(frozen=True, kw_only=True)
class Contention(_Record):
    """How much busy processes beside a run slow it down; `fair` is what equal shares of the processors would."""

    filled: ClassVar[tuple[str, ...]] = ("slowdowns",)
    workload: str
    peer: str
    device: str
    busy: int
    fair: float
    slowdowns: list[float]
    machine: Machine


@dataclass(frozen=True, kw_only=True)
class Growth(_Record):
    """Peak memory and time of fresh processes at two values of one size, and what one more unit costs in memory."""

    quantity: str
    workload: str
    unit: str
    values: tuple[int, int]
    peak_bytes: tuple[int, int]
    seconds: tuple[float, float]
    bytes_per_unit: float
    target_bytes: float | None
    device: str
    machine: Machine


@dataclass(frozen=True, kw_only=True)
class Search(_Record):
    """Instances evaluated a second by the search for counterexamples and for tight instances."""

    filled: ClassVar[tuple[str, ...]] = ("rates",)
    name: str
    batch: int
    instances: int
    rates: list[float]
    machine: Machine


@dataclass(frozen=True, kw_only=True)
class Benchmarks(_Record):
    """Everything measured so far in one output folder."""

    version: int = 1
    speed: list[SpeedTable] = field(default_factory=list)
    contention: list[Contention] = field(default_factory=list)
    memory: list[Growth] = field(default_factory=list)
    search: list[Search] = field(default_factory=list)
