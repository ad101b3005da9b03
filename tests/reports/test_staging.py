"""A folder holds one whole report, whoever builds there and wherever a build is stopped."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from reports.records.store import Store
from reports.staging import Staging, interrupted, spared
from reports.store import app

BUILD = """
import json, os, sys, time
from pathlib import Path
from reports import staging
out, who, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
replace, moved = os.replace, []
def counted(one, other):
    moved.append(one)
    if len(moved) == stop:
        os._exit(9)
    replace(one, other)
with staging.Staging(out) as mine:
    mine.names([who])
    for name in ("curves.csv", "verdicts.json", "figures/a.svg", "manifest.json"):
        path = mine.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(who)
    print("ready", flush=True)
    sys.stdin.readline()
    os.replace = counted
    mine.publish(lambda out: [])
"""


def started(out: Path, who: str, stop: int = 0) -> subprocess.Popen[str]:
    """Another process that builds and waits before it publishes."""
    words = [sys.executable, "-c", BUILD, str(out), who, str(stop)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate("\n", timeout=60)
    return process.returncode


def killed(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


def said(out: Path) -> set[str]:
    return {path.read_text() for path in out.rglob("*") if path.is_file() and ".publishing" not in path.parts}


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_a_build_that_is_stopped_between_its_files_is_noticed_and_replaced(tmp_path: Path, stop: int) -> None:
    assert ended(started(tmp_path, "one")) == 0
    assert ended(started(tmp_path, "two", stop)) == 9
    assert "a build was stopped" in interrupted(tmp_path)
    assert ended(started(tmp_path, "three")) == 0
    assert interrupted(tmp_path) == ""
    assert said(tmp_path) == {"three"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "curves.csv",
        "figures",
        "manifest.json",
        "verdicts.json",
    ]


def test_a_build_that_is_killed_before_leaves_the_report_as_it_was(tmp_path: Path) -> None:
    assert ended(started(tmp_path, "one")) == 0
    two = started(tmp_path, "two")
    killed(two)
    assert interrupted(tmp_path) == ""
    assert len(list(tmp_path.glob(".building-*"))) == 1
    assert said(tmp_path) - {"two"} == {"one", "", '["two"]'}
    assert ended(started(tmp_path, "three")) == 0
    assert said(tmp_path) == {"three"}


def test_of_two_builds_the_one_that_ends_last_leaves_its_report(tmp_path: Path) -> None:
    one, two = started(tmp_path, "one"), started(tmp_path, "two")
    assert spared(tmp_path) == {"one", "two"}
    assert ended(two) == 0
    assert said(tmp_path) - {"one", "", '["one"]'} == {"two"}
    assert ended(one) == 0
    assert said(tmp_path) == {"one"}
    assert spared(tmp_path) == set()


def test_a_full_disk_leaves_the_report_as_it_was(tmp_path: Path) -> None:
    assert ended(started(tmp_path, "one")) == 0

    def full(staging: Staging) -> None:
        (staging.folder / "curves.csv").write_text("new")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"), Staging(tmp_path) as staging:
        full(staging)
    assert said(tmp_path) == {"one"}
    assert interrupted(tmp_path) == ""


def test_a_build_that_cannot_move_a_file_says_so_to_the_next_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace: Callable[..., None] = os.replace

    def failing(one: Path, other: Path) -> None:
        if other.name == "verdicts.json":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        replace(one, other)

    monkeypatch.setattr(os, "replace", failing)
    staging = Staging(tmp_path)
    for name in ("curves.csv", "verdicts.json", "manifest.json"):
        (staging.folder / name).write_text("new")
    with pytest.raises(OSError, match="Input/output"), staging:
        staging.publish(lambda out: [])
    assert "a build was stopped" in interrupted(tmp_path)


def test_what_a_living_build_names_is_not_pruned(tmp_path: Path) -> None:
    store = Store(tmp_path / "records")
    keys = {}
    for name, age in {"living": 2, "named": 2, "old": 2, "young": 0}.items():
        keys[name] = store.write({"name": name}, {}, {}).key
        os.utime(store.path(keys[name]), (0, time.time() - age * 86400))
    (tmp_path / "manifest.json").write_text(json.dumps({"records": [keys["named"]]}))
    process = started(tmp_path, keys["living"])
    assert pruned(tmp_path).exit_code == 0
    assert set(store.all_keys()) == {keys[name] for name in ("living", "named", "young")}
    killed(process)
    assert pruned(tmp_path).exit_code == 0
    assert set(store.all_keys()) == {keys[name] for name in ("named", "young")}
    (tmp_path / "manifest.json").write_text("[")
    refused = pruned(tmp_path)
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
    assert "damaged" in refused.stderr


def pruned(out: Path) -> Result:
    return CliRunner().invoke(app, ["prune", "--out", str(out)])
