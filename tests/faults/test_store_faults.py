"""Builds of the quick profile on damaged, shared, older, full and read-only folders: nothing lost, nothing torn."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from reports.records.store import Store
from tests.faults.building import build, ended, is_whole, mounted, report, stamps, started
from tests.faults.damage import DAMAGES
from tests.reports.forging import record_paths

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that nothing happened to."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    done = build(out)
    assert (done.status, done.complained) == (0, [])
    return out


@pytest.fixture
def out(undisturbed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(undisturbed, tmp_path / "out"))


def test_damaged_records_are_named_and_computed_again(undisturbed: Path, out: Path) -> None:
    paths = record_paths(out)
    assert len(paths) >= len(DAMAGES) + 4
    for path, damage in zip(paths, DAMAGES.values(), strict=False):
        damage(path)
    one, two, gone = paths[len(DAMAGES) : len(DAMAGES) + 3]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    gone.unlink()
    broken = [*paths[: len(DAMAGES)], one, two]
    kept = {path: when for path, when in stamps(out).items() if path not in broken}
    done = build(out)
    assert done.status == 0
    assert len(done.complained) == len(broken)
    for path in broken:
        (line,) = (line for line in done.complained if line.startswith(f"record {path.stem}: "))
        assert f"set aside as {out}/records/damaged/{path.stem}" in line
    assert report(out) == report(undisturbed)
    assert {path: when for path, when in stamps(out).items() if path in kept} == kept, "only what was missing"
    assert build(out).complained == []
    is_whole(out)


def test_two_builds_of_one_seed_on_one_folder(undisturbed: Path, tmp_path: Path) -> None:
    both = [started(tmp_path / "out") for _ in range(2)]
    for done in map(ended, both):
        assert (done.status, done.complained) == (0, [])
    assert report(tmp_path / "out") == report(undisturbed)
    is_whole(tmp_path / "out")


def test_two_builds_of_two_seeds_on_one_folder(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = [started(out, "--seed", seed) for seed in ("0", "1")]
    for done in map(ended, both):
        assert (done.status, done.complained) == (0, [])
    is_whole(out)
    seed = json.loads((out / "manifest.json").read_text())["seed"]
    others = {path.name for path in record_paths(out)} - {path.name for path in record_paths(undisturbed)}
    assert len(others) == len(record_paths(undisturbed)), "the records of both seeds are there"
    before = stamps(out)
    assert build(out, "--seed", str(1 - seed)).status == 0
    assert stamps(out) == before, "and nothing is computed again"
    is_whole(out)


def test_a_build_on_a_store_of_an_older_version(undisturbed: Path, out: Path) -> None:
    old = out / "records" / f"{'a' * 64}.json"
    for path in record_paths(out):
        path.unlink()
    old.write_text("{}")
    old.with_suffix(".npz").touch()
    done = build(out)
    assert (done.status, len(done.complained)) == (0, 1)
    assert "1 records of an older version, which this one does not read" in done.complained[0]
    found = report(out)
    assert [found.pop(f"records/{path.name}") for path in (old, old.with_suffix(".npz"))]
    assert found == report(undisturbed)


def taken(paths: Iterable[Path]) -> int:
    """What files take on a disk, in bytes."""
    return sum(path.stat().st_blocks * 512 for path in paths)


@pytest.mark.parametrize("full_when", ["records", "report"])
def test_a_full_disk_keeps_the_records_and_the_last_report(undisturbed: Path, tmp_path: Path, full_when: str) -> None:
    """The disk holds a report of one of the statements; the one that does not fit leaves it as it was."""
    with mounted(tmp_path / "disk", "size=1g") as disk:
        out = disk / "out"
        assert build(out, only="S4").status == 0
        before = report(out)
        missing = taken(record_paths(undisturbed)) - taken(record_paths(out))
        room = missing // 2 if full_when == "records" else missing + 2**18
        subprocess.run(["mount", "-o", f"remount,size={taken(out.rglob('*')) + room}", str(disk)], check=True)
        full = build(out)
        assert full.status == 3, full
        assert len(full.complained) == 1
        assert "No space left" in full.complained[0]
        assert {name: value for name, value in report(out).items() if name in before} == before, "the last report"
        assert list(Store(out / "records").leftovers()) == []
        kept = stamps(out)
        assert all(Store(out / "records").read(path.stem) for path in kept), "whole records alone"
        subprocess.run(["mount", "-o", "remount,size=1g", str(disk)], check=True)
        assert build(out).status == 0
        assert {path: when for path, when in stamps(out).items() if path in kept} == kept, "only what was missing"
        (out / "failure.txt").unlink(missing_ok=True)
        earlier = {name: value for name, value in before.items() if name.startswith("records/")}
        assert report(out) == report(undisturbed) | earlier
        is_whole(out)


def test_a_folder_that_cannot_be_written_is_refused_and_left_as_it_was(undisturbed: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=200m") as disk:
        out = Path(shutil.copytree(undisturbed, disk / "out"))
        before = report(out)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for place in (out, disk / "new"):
            done = build(place)
            assert (done.status, len(done.complained)) == (2, 1), done
        assert report(out) == before
        is_whole(out)


def a_file(out: Path) -> None:
    out.write_text("mine")


def a_file_above(out: Path) -> None:
    out.parent.rmdir()
    out.parent.write_text("mine")


@pytest.mark.parametrize("made", [a_file, a_file_above])
def test_an_output_that_is_a_file_is_refused_and_left_as_it_was(tmp_path: Path, made: Callable[[Path], None]) -> None:
    out = tmp_path / "folder" / "out"
    out.parent.mkdir()
    made(out)
    done = build(out)
    assert (done.status, done.said, len(done.complained)) == (2, [], 1)
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]
