"""--check finds an edited number, --reproduce gives a row bit for bit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reports.recheck import RecheckError, check, reproduce

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = [sys.executable, "-m", "reports.build", *arguments]
    return subprocess.run(done, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recheck") / "out"
    done = command("--profile", "quick", "--only", "S6,T1c,T2", "--out", str(out), "--device", "cpu", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "out"))


def test_an_untouched_report_checks(folder: Path) -> None:
    assert check(folder).differences == []
    assert command("--check", "--out", str(folder)).returncode == 0


def test_an_edited_verdict_is_named(folder: Path) -> None:
    path = folder / "verdicts.json"
    body = json.loads(path.read_text())
    body["rows"][3]["measured"] *= 1.0000001
    path.write_text(json.dumps(body))
    problems = check(folder).differences
    assert problems[0].startswith("row ")
    assert body["rows"][3]["row_id"] in problems[0]
    assert "measured" in problems[0]


def test_an_edited_record_is_named(folder: Path) -> None:
    record = sorted((folder / "records").glob("*.npz"))[0]
    with np.load(record) as arrays:
        values = {name: arrays[name].copy() for name in arrays.files}
    name = next(iter(values))
    values[name] = values[name] + 1
    np.savez_compressed(record, **values)
    done = command("--check", "--out", str(folder))
    assert done.returncode == 1
    assert record.stem in done.stderr


def test_a_deleted_record_is_named(folder: Path) -> None:
    record = sorted((folder / "records").glob("*.json"))[0]
    record.unlink()
    assert any(record.stem in problem for problem in check(folder).differences)


def test_one_row_is_reproduced_bit_for_bit(folder: Path) -> None:
    rows = json.loads((folder / "verdicts.json").read_text())["rows"]
    sampled = next(row for row in rows if "betting" in row["decided_by"])
    exact = next(row for row in rows if row["bound"] == "S6")
    for stored in (sampled, exact):
        row, differences = reproduce(folder, stored["row_id"])
        assert differences == []
        assert row.model_dump(mode="json") == stored


def test_an_unknown_row_and_an_unbuilt_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RecheckError, match="no such row"):
        reproduce(folder, "S6:nowhere")
    with pytest.raises(RecheckError, match="build the report there first"):
        check(tmp_path / "absent")
    done = command("--reproduce", "S6:nowhere", "--out", str(folder))
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
