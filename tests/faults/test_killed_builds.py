"""Builds that are killed at any moment: nothing is lost or torn, and the next one ends with the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.builds import begun, done, gone, read, records, until, workers_of

QUICK = ("--profile", "quick", "--device", "cpu", "--jobs", "2", "--out")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A report that was left alone, and how long it took."""
    out, started = tmp_path_factory.mktemp("undisturbed") / "out", time.monotonic()
    assert done(*QUICK, str(out)).returncode == 0
    return out, time.monotonic() - started


@pytest.mark.slow
def test_five_kills_of_the_whole_group_leave_the_same_bytes(undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    whole, seconds = undisturbed
    out, moments, kept = tmp_path / "out", random.Random(18), 0
    for _ in range(5):
        build = begun(*QUICK, str(out))
        time.sleep(moments.uniform(0.2, 0.9) * seconds)
        workers = workers_of(build) if build.poll() is None else []
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate()
        assert until(lambda workers=workers: gone(workers), 5)
        there = records(out) if (out / "records").is_dir() else 0
        assert there >= kept, "what was done is kept"
        kept = there
    last = done(*QUICK, str(out))
    assert last.returncode == 0, last.stderr
    assert read(out) == read(whole)
    outputs = [json.loads((folder / "manifest.json").read_text())["outputs"] for folder in (whole, out)]
    assert outputs[0] == outputs[1]
    # a line for each cell that was kept: none was computed once it had been
    assert len((out / "timings.jsonl").read_text().splitlines()) <= records(out) + 5
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_workers_end_with_a_build_that_is_killed_alone(tmp_path: Path, number: int) -> None:
    build = begun(*QUICK, str(tmp_path / "out"))
    assert until(lambda: len(workers_of(build)) == 2, 600)
    workers = workers_of(build)
    build.send_signal(number)
    build.communicate()
    assert until(lambda: gone(workers), 5)


@pytest.mark.slow
def test_a_build_goes_on_when_workers_are_killed(undisturbed: tuple[Path, float], tmp_path: Path) -> None:
    out = tmp_path / "out"
    build = begun(*QUICK, str(out))
    for _ in range(2):
        assert until(lambda: len(workers_of(build)) == 2, 600)
        workers_of(build)[0].kill()
        time.sleep(2)
    _, said = build.communicate()
    assert build.returncode == 0, said
    assert said == ""
    assert read(out) == read(undisturbed[0])
