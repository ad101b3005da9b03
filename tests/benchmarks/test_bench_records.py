"""What is stored, what replaces what, and what the page says about it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from benchmarks.busy import fair_slowdown
from benchmarks.machine import describe
from benchmarks.records import add, merged
from benchmarks.searching import measured_rates
from benchmarks.show import show
from reports.pages.speed import FILE_NAME, read, section, speed_section
from reports.pages.speed_records import Benchmarks, Contention, Growth, Machine, Search, SpeedTable, Timing
from reports.refutation.families.catalogue import families_for
from reports.refutation.search import POPULATION

ROOT = Path(__file__).parents[2]
MACHINE = Machine(processor="Abacus", cores=2, threads=2, accelerator=None, versions={"torch": "2.6"})


def timing(peer: str, seconds: list[float], ratios: list[float], rounds: int = 20) -> Timing:
    return Timing(
        peer=peer, title=f"the {peer}", seconds=seconds, ratios=ratios, timed_rounds=rounds,
        first_call_extra_seconds=0.5, memory_bytes=3_000_000, difference=1e-16, checked_rounds=2,
        backend="native" if peer == "ours" else None,
    )  # fmt: skip


def table(workload: str = "W1", device: str = "cpu", scale: int = 1, seconds: float = 2.0) -> SpeedTable:
    return SpeedTable(
        workload=workload, title="bowls", device=device, scale=scale, dtype="float64", mode="exact", agents=4,
        participants=4, d=3, nu=2, tau=2, rounds=20, flops=10**9, counted="K tau m", peak_flops=5e9, machine=MACHINE,
        timings=[
            timing("slow", [5 * seconds] * 3, [4.0, 5.0, 6.0], rounds=1),
            timing("ours", [seconds] * 3, [1.0, 1.0, 1.0]),
        ],
        missing=["jax is not installed: its peers are skipped; the extra `bench` brings it"],
    )  # fmt: skip


def everything() -> Benchmarks:
    return Benchmarks(
        speed=[table()],
        contention=[
            Contention(
                workload="W1", peer="ours", device="cpu", busy=1, fair=1.5, slowdowns=[1.4, 1.6, 1.5], machine=MACHINE
            )
        ],
        memory=[
            Growth(
                quantity="steps", workload="W2", unit="step", values=(4, 36), peak_bytes=(10**6, 65 * 10**6),
                seconds=(0.1, 0.9), bytes_per_unit=2e6, target_bytes=2.5e6, device="cpu", machine=MACHINE,
            )
        ],
        search=[Search(name="S4", batch=16384, instances=32768, rates=[1e6, 3e6, 2e6], machine=MACHINE)],
    )  # fmt: skip


def test_a_new_measurement_replaces_the_same_one_and_nothing_else(tmp_path: Path) -> None:
    add(tmp_path, everything())
    add(tmp_path, Benchmarks(speed=[table(seconds=4.0), table("W2"), table(device="cuda:0"), table(scale=64)]))
    stored = read(tmp_path)
    assert stored is not None
    assert [(one.workload, one.device, one.scale) for one in stored.speed] == [
        ("W1", "cpu", 1),
        ("W2", "cpu", 1),
        ("W1", "cpu", 64),
        ("W1", "cuda:0", 1),
    ]
    assert stored.speed[0].timings[1].seconds == [4.0] * 3
    assert (stored.contention, stored.memory, stored.search) == (
        everything().contention,
        everything().memory,
        everything().search,
    )
    assert (tmp_path / FILE_NAME).read_bytes().endswith(b"}\n")


def test_merging_with_nothing_changes_nothing() -> None:
    assert merged(everything(), Benchmarks()) == everything() == merged(Benchmarks(), everything())


def test_the_file_has_no_room_for_what_it_does_not_know() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Benchmarks).validate_python({"version": 1, "hostname": "somewhere"})
    with pytest.raises(ValidationError):
        TypeAdapter(Machine).validate_python({**asdict(MACHINE), "path": "/home"})


def test_a_damaged_file_counts_as_not_measured(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("{", encoding="utf-8")
    assert read(tmp_path) is None
    assert speed_section(tmp_path) == speed_section(tmp_path / "nowhere") == []


def test_the_section_shows_medians_ratios_and_share_of_peak(tmp_path: Path) -> None:
    add(tmp_path, everything())
    (shown,) = speed_section(tmp_path)
    speed, search, contention, memory = shown.tables
    ours, slow = speed.lines  # the fastest first
    assert ours[0] == "the ours"
    # 1e9 operations in 2 s are 0.5e9 a second, a tenth of the peak
    assert ours[1:5] == (2.0, 1.0, "1 to 1", 10.0)
    assert ours[-1] == "backend native"
    assert slow[1:5] == (10.0, 5.0, "4 to 6", 2.0)
    assert slow[-1] == "from 1 of 20 rounds"
    assert "W1 on cpu" in speed.caption
    assert search.lines[0][-1] == 2e6
    assert contention.lines[0] == ("W1", "ours", 1, 1.5, 1.5, "1.4 to 1.6")
    assert memory.lines[0][5:7] == ("2000 kB per step", "at most 2500 kB")
    assert any("Abacus" in text for text in shown.paragraphs)
    assert any("extra `bench`" in text for text in shown.paragraphs)


def test_the_section_says_when_no_gpu_was_measured() -> None:
    def gpu(measured: Benchmarks) -> bool:
        return any("GPU: not measured" in text for text in section(measured).paragraphs)

    assert gpu(Benchmarks(speed=[table()]))
    assert not gpu(Benchmarks(speed=[table(), table(device="cuda:0")]))


def test_the_terminal_shows_every_cell() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    for one in section(everything()).tables:
        show(console, one)
    text = console.export_text()
    for word in ("the ours", "the slow", "4 to 6", "2000 kB per step", "2e+06", "from 1 of 20 rounds"):
        assert word in text


def test_the_charge_is_what_a_run_needs_beyond_what_was_there() -> None:
    # a process of its own, as the benchmarks use: in this one others free memory while it is measured
    code = """
import numpy as np
from benchmarks.growth import charged
size, kept = 64 * 2**20, []
print(*charged(lambda: kept.append(np.ones(size // 8)), "cpu"))
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    bytes_needed, seconds = (float(word) for word in ran.stdout.split())
    # the interpreter and the allocator need some pages of their own
    assert 63 * 2**20 <= bytes_needed < 72 * 2**20
    assert seconds > 0


@pytest.mark.parametrize(("busy", "slowdown"), [(1, 1.5), (2, 2.0), (6, 4.0)])
def test_a_fair_share_on_two_processors(busy: int, slowdown: float) -> None:
    assert fair_slowdown(2, busy, 2) == slowdown


def test_a_machine_is_described_without_its_name() -> None:
    import platform

    described = json.dumps(asdict(describe(1, "cpu")))
    assert "torch" in described
    assert f'"{platform.node()}"' not in described
    assert "/" not in described


def test_the_search_is_rated_on_every_family_of_a_statement() -> None:
    target = ("S4", "L_F")
    for family in families_for(target):
        (rate,) = measured_rates(target, family, 8, 1)
        assert rate > 0
    assert POPULATION * 7 // 8 >= 10**4
