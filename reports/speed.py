"""The speed section of the page: what `python -m benchmarks.run` left in the output folder, or how to make it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reports.sections import Cell, Section, SectionTable

FILE_NAME = "benchmarks.json"
COMMAND = "python -m benchmarks.run"
OURS = "ours"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(_Frozen):
    """Where something was measured: processor, cores, threads used, accelerator, versions of the libraries."""

    processor: str
    cores: int = Field(ge=1)
    threads: int = Field(ge=1)
    accelerator: str | None
    versions: dict[str, str]


class Timing(_Frozen):
    """One implementation on one workload.

    `seconds` of each repeat, scaled to all rounds where only `timed_rounds` were run; `ratios` to ours, repeat by
    repeat; `first_call_extra_seconds` is what the first call took beyond the median (compilation);
    `memory_bytes` is the peak growth of its process by data, code and run; `difference` the largest deviation from
    our float64 iterates over `checked_rounds`, relative to the largest entry.
    """

    peer: str
    title: str
    seconds: list[float] = Field(min_length=1)
    ratios: list[float] = Field(min_length=1)
    timed_rounds: int = Field(ge=1)
    first_call_extra_seconds: float
    memory_bytes: int
    difference: float
    checked_rounds: int = Field(ge=1)
    backend: str | None = None


class SpeedTable(_Frozen):
    """A workload on a machine: its sizes, the operations that it needs, the measured peak, and all timings."""

    workload: str
    title: str
    device: str
    scale: int = Field(ge=1)
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
    timings: list[Timing] = Field(min_length=1)
    missing: list[str]


class Contention(_Frozen):
    """How much busy processes beside a run slow it down; `fair` is what equal shares of the processors would."""

    workload: str
    peer: str
    device: str
    busy: int = Field(ge=1)
    fair: float
    slowdowns: list[float] = Field(min_length=1)
    machine: Machine


class Growth(_Frozen):
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


class Search(_Frozen):
    """Instances evaluated a second by the search for counterexamples and for tight instances."""

    name: str
    batch: int = Field(ge=1)
    instances: int = Field(ge=1)
    rates: list[float] = Field(min_length=1)
    machine: Machine


class Benchmarks(_Frozen):
    """Everything measured so far in one output folder."""

    version: int = 1
    speed: list[SpeedTable] = []
    contention: list[Contention] = []
    memory: list[Growth] = []
    search: list[Search] = []


def read(out: Path) -> Benchmarks | None:
    """What `out` holds, or None when nothing (readable) is there."""
    try:
        return Benchmarks.model_validate_json((out / FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def speed_section(out: Path) -> Section:
    """The section for an output folder; it says 'not measured' where no measurement lies there."""
    return section(read(out))


def section(measured: Benchmarks | None) -> Section:
    """The section for stored measurements.

    >>> section(None).paragraphs[0]
    'Not measured here; python -m benchmarks.run makes this section.'
    """
    if measured is None or measured == Benchmarks():
        return Section("speed", "Speed", (f"Not measured here; {COMMAND} makes this section.",))
    tables = [_speed_table(table) for table in measured.speed]
    tables += _search_tables(measured.search) + _contention_tables(measured.contention)
    tables += _memory_tables(measured.memory)
    return Section("speed", "Speed", tuple(_paragraphs(measured)), tuple(tables))


def _paragraphs(measured: Benchmarks) -> list[str]:
    texts = []
    if measured.speed:
        texts.append(
            "Every implementation was first shown to give the same iterates in float64; then all ran in turn, each in "
            "a process of its own. Ratio: its time over ours in the same turn, median and range. Share of peak: "
            "operations that the algorithm needs, over the time, over the fastest matrix product on this machine. "
            "Start-up (compilation) is apart."
        )
    machines = {_machine(one.machine) for part in vars(measured).values() if isinstance(part, list) for one in part}
    texts.append(f"Measured on {'; '.join(sorted(machines))}.")
    if not any(table.device.startswith("cuda") for table in measured.speed):
        texts.append(f"On a GPU: not measured; {COMMAND} --device cuda measures there.")
    texts += list(dict.fromkeys(line for table in measured.speed for line in table.missing))
    return texts


def _machine(machine: Machine) -> str:
    parts = [machine.processor, f"{machine.threads} of {machine.cores} processors"]
    parts += [] if machine.accelerator is None else [machine.accelerator]
    return ", ".join([*parts, *(f"{name} {version}" for name, version in machine.versions.items())])


def _speed_table(table: SpeedTable) -> SectionTable:
    larger = f", {table.scale} times as many participants" if table.scale > 1 else ""
    caption = (
        f"{table.workload}{larger} on {table.device}: {table.title}; n = {table.agents}, m = {table.participants}, "
        f"d = {table.d}, nu = {table.nu}, tau = {table.tau}, K = {table.rounds}, {table.dtype}; "
        f"{table.flops / 1e9:.3g} Gflop = {table.counted}; peak {table.peak_flops / 1e9:.3g} Gflop/s; "
        f"iterates within {max(timing.difference for timing in table.timings):.1g} in float64."
    )
    columns = ("implementation", "seconds", "ratio to ours", "range", "share of peak, %", "start-up, s", "MB", "note")
    lines = [_timing_line(table, timing) for timing in sorted(table.timings, key=lambda one: median(one.seconds))]
    return SectionTable(caption, columns, lines)


def _timing_line(table: SpeedTable, timing: Timing) -> Sequence[Cell]:
    typical = median(timing.seconds)
    scaled = timing.timed_rounds < table.rounds
    notes = [f"from {timing.timed_rounds} of {table.rounds} rounds"] if scaled else []
    notes += [f"backend {timing.backend}"] if timing.backend else []
    return (
        timing.title,
        _rounded(typical),
        _rounded(median(timing.ratios)),
        _range(timing.ratios),
        _rounded(100 * table.flops / typical / table.peak_flops),
        _rounded(timing.first_call_extra_seconds),
        _rounded(timing.memory_bytes / 1e6),
        "; ".join(notes),
    )


def _search_tables(search: Sequence[Search]) -> list[SectionTable]:
    if not search:
        return []
    lines = [(one.name, one.batch, one.instances, _rounded(median(one.rates))) for one in search]
    return [SectionTable("Search for counterexamples.", ("search", "batch", "instances", "instances a second"), lines)]


def _contention_tables(contention: Sequence[Contention]) -> list[SectionTable]:
    if not contention:
        return []
    lines = [
        (one.workload, one.peer, one.busy, _rounded(one.fair), _rounded(median(one.slowdowns)), _range(one.slowdowns))
        for one in contention
    ]
    columns = ("workload", "implementation", "busy processes", "slowdown at equal shares", "slowdown", "range")
    return [SectionTable("Busy processes beside a run.", columns, lines)]


def _memory_tables(memory: Sequence[Growth]) -> list[SectionTable]:
    if not memory:
        return []
    lines = [
        (
            one.quantity,
            one.workload,
            f"{one.values[0]} to {one.values[1]}",
            _rounded(one.peak_bytes[0] / 1e6),
            _rounded(one.peak_bytes[1] / 1e6),
            f"{_rounded(one.bytes_per_unit / 1e3):g} kB per {one.unit}",
            "" if one.target_bytes is None else f"at most {_rounded(one.target_bytes / 1e3):g} kB",
            _rounded(one.seconds[0]),
            _rounded(one.seconds[1]),
        )
        for one in memory
    ]
    columns = ("size", "workload", "from", "MB, first", "MB, last", "growth", "aim", "s, first", "s, last")
    return [SectionTable("Peak memory of fresh processes, without data and libraries.", columns, lines)]


def _range(values: Sequence[float]) -> str:
    return f"{_rounded(min(values)):g} to {_rounded(max(values)):g}"


def _rounded(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")
