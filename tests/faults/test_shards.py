"""Shards share the cells by their keys alone, and the build that follows finds every record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports.build import app
from reports.plans.plan import load_plan
from reports.records.harvest import share
from reports.records.seeded_cell import seeded_cells
from reports.records.timings import NAME
from reports.store import app as store
from tests.faults.builds import TINY_CELLS, TINY_ONLY, read, records, tiny


def build(plan: Path, out: Path, *more: str) -> str:
    words = ["--plan", str(plan), *TINY_ONLY, "--jobs", "1", "--out", str(out), *more]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.output


def test_every_cell_is_in_one_shard() -> None:
    work = seeded_cells(load_plan("quick"), seed=0, seeds=1, device="cpu")
    for count in (1, 3, 7):
        parts = [share(work, (index, count)) for index in range(1, count + 1)]
        assert sorted(map(id, work)) == sorted(id(one) for part in parts for one in part)
        assert all(part == share(work[::-1], (index, count))[::-1] for index, part in enumerate(parts, 1))


def test_three_shards_and_one_build_give_the_bytes_of_one_build(tmp_path: Path) -> None:
    plan, whole, parts = tiny(tmp_path), tmp_path / "whole", tmp_path / "parts"
    build(plan, whole)
    run = 0
    for index in (1, 2, 3):
        said = build(plan, parts, "--shard", f"{index}/3")
        assert "no report is written" in said
        assert sorted(path.name for path in parts.iterdir() if path.name != NAME) == ["records"]
        assert records(parts) >= run
        run = records(parts)
    assert run == TINY_CELLS
    stamps = {path: path.stat().st_mtime_ns for path in (parts / "records").rglob("*")}
    build(plan, parts)
    assert {path: path.stat().st_mtime_ns for path in (parts / "records").rglob("*")} == stamps, "nothing was run again"
    assert read(parts) == read(whole)
    outputs = [json.loads((out / "manifest.json").read_text())["outputs"] for out in (whole, parts)]
    assert outputs[0] == outputs[1]


@pytest.mark.slow
def test_shards_on_three_folders_that_are_merged_give_the_bytes_of_one_build(tmp_path: Path) -> None:
    plan, whole, merged = tiny(tmp_path), tmp_path / "whole", tmp_path / "merged"
    build(plan, whole)
    parts = [tmp_path / f"part{index}" for index in (1, 2, 3)]
    for index, part in enumerate(parts, 1):
        build(plan, part, "--shard", f"{index}/3")
    build(plan, tmp_path / "other", "--shard", "1/1", "--seed", "7")  # of another root: others' records harm nobody
    words = ["merge", *map(str, [*parts, tmp_path / "other"]), "--out", str(merged)]
    done = CliRunner().invoke(store, words)
    assert done.exit_code == 0, done.output
    assert records(merged) == 2 * TINY_CELLS
    kept = {path: path.stat().st_mtime_ns for path in (merged / "records").rglob("*")}
    build(plan, merged)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "nothing was run again"
    assert read(merged) == read(whole)


def test_a_dry_run_knows_what_is_there_and_estimates_the_rest(tmp_path: Path) -> None:
    plan, out = tiny(tmp_path), tmp_path / "out"
    assert "time: not known" in build(plan, out, "--dry-run")
    build(plan, out)
    shutil.rmtree(out / "records")
    said = build(plan, out, "--dry-run", "--shard", "1/1").splitlines()
    assert f"already there: 0 of {TINY_CELLS} cells" in said
    assert any(line.startswith("time: about ") and f"for {TINY_CELLS} cells on 1 processes" in line for line in said)
    assert any(line.startswith("memory: at least ") for line in said)
