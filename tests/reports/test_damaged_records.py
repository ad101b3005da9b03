"""A damaged record, of any kind, is named in a line by every command, and set aside and computed again by a build."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reports.build import app
from reports.recheck import check
from reports.records.store import Store
from reports.records.workers import OneByOne
from tests.faults.damage import DAMAGES
from tests.reports.forging import forged, record_path, record_paths, taken_apart

PLAN = """
title = "damage"
[[tasks]]
name = "q"
factory = "quadratic"
[[points]]
task = "q"
alpha_L = ["1/4", "1/8", "1/16", "1/32"]
nu = [0, 1, 2, 3]
statements = ["S2"]
"""
WHOLE = ["verdicts.json", "results.csv"]


def build(out: Path, *words: str) -> Result:
    plan = out.parent / "plan.toml"
    plan.write_text(PLAN)
    return CliRunner().invoke(app, ["--plan", str(plan), "--only", "S2", "--jobs", "1", "--out", str(out), *words])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("damaged") / "out"
    done = build(out)
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture
def out(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "out"))


def damaged(out: Path) -> Mapping[str, str]:
    """Each record but one damaged in another way: the names of the damages by key."""
    keys = sorted(json.loads((out / "manifest.json").read_text())["records"])
    assert len(keys) > len(DAMAGES)
    for key, name in zip(keys, DAMAGES, strict=False):
        DAMAGES[name](record_path(out, key))
    return dict(zip(keys, DAMAGES, strict=False))


def test_a_build_names_them_sets_them_aside_and_computes_them_again(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = {path: path.read_bytes() for path in record_paths(out)}
    report = {name: (out / name).read_bytes() for name in WHOLE}
    broken = damaged(out)
    whole = {path: path.stat().st_mtime_ns for path in record_paths(out) if path.stem not in broken}
    done = build(out)
    assert done.exit_code == 0, done.output
    lines = caplog.messages
    assert len(lines) == len(broken)
    assert all(sum(line.startswith(f"record {key}: ") for line in lines) == 1 for key in broken)
    assert all("set aside as" in line for line in lines)
    assert len(list((out / "records" / "damaged").iterdir())) == len(broken)
    assert {path: path.read_bytes() for path in record_paths(out)} == before
    assert {path: path.stat().st_mtime_ns for path in whole} == whole, "only what was missing is computed"
    assert {name: (out / name).read_bytes() for name in WHOLE} == report
    caplog.clear()
    assert (build(out).exit_code, caplog.messages) == (0, [])


def test_a_check_names_each_in_a_line_and_moves_nothing(out: Path) -> None:
    keys = damaged(out)
    gone = next(path for path in record_paths(out) if path.stem not in keys)
    gone.unlink()
    before = sorted(out.rglob("*"))
    found = check(out, rerun=None, workers=OneByOne())
    assert all(len(line.splitlines()) == 1 for line in found.differences)
    for key in (*keys, gone.stem):
        named = [line for line in found.differences if line.startswith(f"record {key}: ")]
        assert len([line for line in named if "run again" not in line]) == 1, named
    assert sorted(out.rglob("*")) == before


def test_a_reproduction_says_why_in_a_line(out: Path) -> None:
    keys = damaged(out)
    rows = json.loads((out / "manifest.json").read_text())["row_records"]
    for key in keys:
        row = next(row for row, record in rows.items() if record == key)
        said = build(out, "--reproduce", row)
        assert (said.exit_code, len(said.stderr.splitlines())) == (2, 1), said.output
        assert f"record {key}: " in said.stderr


def test_two_swapped_records_are_computed_again(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    one, two = record_paths(out)[:2]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert build(out).exit_code == 0
    said = [message.split(";")[0] for message in caplog.messages]
    assert sorted(said) == sorted(
        f"record {key}: its file holds record {other[:12]}, another cell's"
        for key, other in ((one.stem, two.stem), (two.stem, one.stem))
    )
    assert (one.read_bytes(), two.read_bytes()) == (first, second)


def test_an_older_store_is_one_line(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = json.loads((out / "manifest.json").read_text())["records"]
    for key in keys:
        words, _ = taken_apart(record_path(out, key))
        record_path(out, key).unlink()
        (out / "records" / f"{key}.json").write_text(json.dumps(words))
        (out / "records" / f"{key}.npz").write_bytes(forged(None, {}))
    for words in (["--check"], ["--reproduce", "S2:q"]):
        said = build(out, *words)
        assert said.exit_code == (1 if words == ["--check"] else 2)
        assert len(said.stderr.splitlines()) == 1, said.stderr
        assert f"{len(keys)} records of an older version" in said.stderr
    assert (build(out).exit_code, len(caplog.messages)) == (0, 1)
    assert "records of an older version" in caplog.messages[0]
    assert len(list(Store(out / "records").all_keys())) == len(keys)
    assert check(out, workers=OneByOne()).differences == []
