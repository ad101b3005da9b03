"""The speed section of the page: what `python -m benchmarks.run` left in the output folder, or how to make it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from pydantic import TypeAdapter, ValidationError

from reports.pages.speed_records import Benchmarks, Contention, Growth, Machine, Search, SpeedTable, Timing
from reports.sections import Cell, Section, SectionTable

FILE_NAME = "benchmarks.json"
COMMAND = "python -m benchmarks.run"
OURS = "ours"


def read(out: Path) -> Benchmarks | None:
    """What `out` holds, or None when nothing (readable) is there."""
    try:
        return TypeAdapter(Benchmarks).validate_json((out / FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return None


def speed_section(out: Path) -> list[Section]:
    """The section for an output folder; none where no measurement lies there."""
    measured = read(out)
    return [] if measured is None or measured == Benchmarks() else [section(measured)]


def section(measured: Benchmarks) -> Section:
    """The section for stored measurements."""
    tables = [_speed_table(table) for table in measured.speed]
    tables += [_search_table(measured.search), _contention_table(measured.contention), _memory_table(measured.memory)]
    return Section("speed", "Speed", tuple(_paragraphs(measured)), tuple(table for table in tables if table.lines))


def _paragraphs(measured: Benchmarks) -> list[str]:
    texts = []
    if measured.speed:
        texts.append(
            "Every implementation was first shown to give the same iterates in float64; then all ran in turn, each in "
            "a process of its own. Ratio: its time over ours in the same turn, median and range. Share of peak: "
            "operations that the algorithm needs, over the time, over the most that this machine was seen to do "
            "(multiply-adds in registers, or a matrix product where that was faster). "
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


def _search_table(search: Sequence[Search]) -> SectionTable:
    lines = [(one.name, one.batch, one.instances, _rounded(median(one.rates))) for one in search]
    return SectionTable("Search for counterexamples.", ("search", "batch", "instances", "instances a second"), lines)


def _contention_table(contention: Sequence[Contention]) -> SectionTable:
    lines = [
        (one.workload, one.peer, one.busy, _rounded(one.fair), _rounded(median(one.slowdowns)), _range(one.slowdowns))
        for one in contention
    ]
    columns = ("workload", "implementation", "busy processes", "slowdown at equal shares", "slowdown", "range")
    return SectionTable("Busy processes beside a run.", columns, lines)


def _memory_table(memory: Sequence[Growth]) -> SectionTable:
    lines = [
        (
            one.quantity,
            one.workload,
            f"{one.values[0]} to {one.values[1]}",
            *(_rounded(peak / 1e6) for peak in one.peak_bytes),
            f"{_rounded(one.bytes_per_unit / 1e3):g} kB per {one.unit}",
            "" if one.target_bytes is None else f"at most {_rounded(one.target_bytes / 1e3):g} kB",
            *(_rounded(seconds) for seconds in one.seconds),
        )
        for one in memory
    ]
    columns = ("size", "workload", "from", "MB, first", "MB, last", "growth", "aim", "s, first", "s, last")
    return SectionTable("Peak memory of fresh processes, without data and libraries.", columns, lines)


def _range(values: Sequence[float]) -> str:
    return f"{_rounded(min(values)):g} to {_rounded(max(values)):g}"


def _rounded(value: float) -> float:
    """The value to three significant digits, which is what timings deserve."""
    return float(f"{value:.3g}")
