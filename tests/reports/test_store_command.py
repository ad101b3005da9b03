"""python -m reports.store: what it lists, verifies, prunes, merges and exports, and how it says no."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from reports.records.store import Store
from reports.store import app
from tests.faults.damage import DAMAGES, UNSEEN


def command(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def cell(task: str, statements: list[str], kind: str = "points", seed: int = 0) -> dict:
    return {"kind": kind, "cell": {"task": task, "statements": statements}, "seed": seed}


CELLS = [cell("q", ["S2", "S4"]), cell("q", ["T2"], "runs"), cell("digits, skewed", [], "training")]


def report(out: Path, cells: list[dict] = CELLS, value: float = 0.0) -> tuple[Store, list[str]]:
    """A folder with records of these cells, all of them years old, the first of which its manifest names."""
    store = Store(out / "records")
    keys = [store.write(one, {"alpha": value}, {"w": np.full(40, value)}).key for one in cells]
    for key in keys:
        os.utime(store.path(key), (0, 0))
    (out / "manifest.json").write_text(json.dumps({"records": keys[:1]}))
    return store, keys


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], {0, 1, 2}),
        (["--statement", "S4"], {0}),
        (["--statement", "S4,T2"], {0, 1}),
        (["--task", "q"], {0, 1}),
        (["--task", "digits, skewed"], {2}),
        (["--kind", "runs", "--kind", "training"], {1, 2}),
        (["--task", "q", "--kind", "runs"], {1}),
        (["--older-than", "1"], {0, 1, 2}),
        (["--older-than", "1e6"], set()),
        (["--statement", "T9"], set()),
    ],
)
def test_the_same_filters_choose_for_every_verb(tmp_path: Path, words: list[str], expected: set[int]) -> None:
    _, keys = report(tmp_path)
    wanted = sorted(keys[place] for place in expected)
    out = ["--out", tmp_path]
    listed = command("ls", *out, *words)
    assert [line[:12] for line in listed.stdout.splitlines()] == [key[:12] for key in wanted]
    assert [one["key"] for one in json.loads(command("ls", "--json", *out, *words).stdout)] == wanted
    assert json.loads(command("verify", "--json", *out, *words).stdout) == {"records": len(wanted), "damaged": []}
    assert command("export", tmp_path / "some.zip", *out, *words).exit_code == 0
    with zipfile.ZipFile(tmp_path / "some.zip") as archive:
        assert [one["key"] for one in json.loads(archive.read("index.json"))] == wanted
    assert command("merge", tmp_path, "--out", tmp_path / "other", *words).exit_code == 0
    assert list(Store(tmp_path / "other" / "records").all_keys()) == wanted


def test_a_listing_says_what_a_record_is(tmp_path: Path) -> None:
    _, keys = report(tmp_path)
    line = next(line for line in command("ls", "--out", tmp_path).stdout.splitlines() if line.startswith(keys[0][:12]))
    assert line.split() == [keys[0][:12], "points", "q", "S2,S4"]
    entry = next(one for one in json.loads(command("ls", "--out", tmp_path, "--json").stdout) if one["key"] == keys[0])
    assert entry == {"key": keys[0], "kind": "points", "task": "q", "statements": ["S2", "S4"], "damage": ""}


def test_one_record_is_shown_by_the_beginning_of_its_key(tmp_path: Path) -> None:
    store, keys = report(tmp_path)
    shown = command("show", keys[0][:8], "--out", tmp_path)
    assert json.loads(shown.stdout) == {
        "key": keys[0], "cell": CELLS[0], "facts": {"alpha": 0.0}, "arrays": {"w": [40]}
    }  # fmt: skip
    line = command("show", keys[0][:8], "--out", tmp_path, "--json").stdout
    assert (json.loads(line), len(line.splitlines())) == (json.loads(shown.stdout), 1)
    store.path(keys[0]).write_bytes(b"null")
    damaged = command("show", keys[0][:8], "--out", tmp_path)
    assert (damaged.exit_code, damaged.stdout, len(damaged.stderr.splitlines())) == (1, "", 1)
    assert keys[0] in damaged.stderr


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_a_line(tmp_path: Path, name: str) -> None:
    store, keys = report(tmp_path)
    DAMAGES[name](store.path(keys[1]))
    before = sorted(tmp_path.rglob("*"))
    verified = command("verify", "--out", tmp_path, "--statement", "S4")  # what is damaged cannot say what it is
    assert verified.exit_code == int(name not in UNSEEN)
    if name not in UNSEEN:
        assert verified.stdout == "2 records, 1 damaged\n"
        assert [line.startswith(f"record {keys[1]}: ") for line in verified.stderr.splitlines()] == [True]
    said = json.loads(command("verify", "--out", tmp_path, "--json").stdout)
    assert (said["records"], [one["key"] for one in said["damaged"]]) == (3, [keys[1]])
    listed = command("ls", "--out", tmp_path)
    assert (listed.exit_code, len(listed.stdout.splitlines())) == (0, 3)
    line = next(line for line in listed.stdout.splitlines() if line.startswith(keys[1][:12]))
    assert ("damaged" in line) == (name not in UNSEEN)
    exported = command("export", tmp_path.parent / f"{name}.zip", "--out", tmp_path)
    assert (exported.exit_code, len(exported.stderr.splitlines())) == (1, 1)
    assert sorted(tmp_path.rglob("*")) == before, "nothing of this moves a file"


def test_pruning_spares_the_young_the_named_and_the_living(tmp_path: Path) -> None:
    store, keys = report(tmp_path)
    young = store.write(cell("q", ["S4"], seed=9), {}, {}).key
    tried = command("prune", "--out", tmp_path, "--dry-run", "--json")
    assert {Path(name).stem for name in json.loads(tried.stdout)["files"]} == set(keys[1:])
    assert set(store.all_keys()) == {*keys, young}
    assert command("prune", "--out", tmp_path, "--kind", "runs").stdout == "1 files deleted\n"
    assert set(store.all_keys()) == {keys[0], keys[2], young}
    assert command("prune", "--out", tmp_path, "--older-than", "1e6").stdout == "0 files deleted\n"
    assert command("prune", "--out", tmp_path).stdout == "1 files deleted\n"
    assert set(store.all_keys()) == {keys[0], young}


def test_pruning_deletes_what_is_left_over_once_it_is_old(tmp_path: Path) -> None:
    store, keys = report(tmp_path)
    store.path(keys[0]).write_bytes(b"null")
    assert store.find(keys[0]) is None
    store.write(CELLS[0], {"alpha": 0.0}, {})
    left = [
        *store.leftovers(),
        store.path(keys[0]).with_name(f".{keys[0]}.npz.x1y2"),
        tmp_path / "records" / f"{'a' * 64}.json",
        tmp_path / "records" / f"{'a' * 64}.npz",
    ]
    foreign = tmp_path / "records" / "notes.txt"
    for path in (*left, foreign):
        path.touch()
    assert len(left) == 4
    assert command("prune", "--out", tmp_path).stdout == "2 files deleted\n"  # two unused records
    for path in (*left, foreign):
        os.utime(path, (0, time.time() - 2 * 86400))
    assert command("prune", "--out", tmp_path).stdout == "4 files deleted\n"
    assert not any(path.exists() for path in left)
    assert foreign.exists()
    assert list(store.all_keys()) == keys[:1]


def test_nothing_younger_than_a_day_is_pruned_and_nothing_without_a_report(tmp_path: Path) -> None:
    report(tmp_path)
    refuse("prune", "--out", tmp_path, "--older-than", "0.5", why="at least 1 day")
    (tmp_path / "manifest.json").write_text("[]")
    refuse("prune", "--out", tmp_path, why="damaged")
    (tmp_path / "manifest.json").unlink()
    refuse("prune", "--out", tmp_path, why="build the report first")


def refuse(*words: str | Path, why: str) -> None:
    said = command(*words)
    assert (said.exit_code, said.stdout, len(said.stderr.splitlines())) == (2, "", 1), said.output
    assert why in said.stderr


def test_merging_takes_what_is_not_here_from_reports_and_stores(tmp_path: Path) -> None:
    shards = [report(tmp_path / name, [one])[0] for name, one in zip("abc", CELLS, strict=True)]
    sources = [tmp_path / "a", tmp_path / "b", tmp_path / "c" / "records"]
    merged = command("merge", *sources, "--out", tmp_path / "all")
    assert merged.exit_code == 0, merged.output
    assert [line.split(": ")[1] for line in merged.stdout.splitlines()] == [
        "1 copied, 0 here already, 0 in conflict, 0 damaged"
    ] * 3
    store = Store(tmp_path / "all" / "records")
    for shard in shards:
        (key,) = shard.all_keys()
        assert store.content(key) == shard.content(key)
    again = json.loads(command("merge", *sources, "--out", tmp_path / "all", "--json").stdout)
    assert [(one["copied"], one["same"]) for one in again] == [(0, 1)] * 3


def test_a_conflict_is_named_and_ours_is_kept(tmp_path: Path) -> None:
    ours, keys = report(tmp_path / "ours", CELLS[:2])
    report(tmp_path / "theirs", CELLS, value=1.0)
    before = {key: ours.content(key) for key in keys}
    merged = command("merge", tmp_path / "theirs", "--out", tmp_path / "ours")
    assert merged.exit_code == 1
    assert len(merged.stderr.splitlines()) == 2
    for key in keys:
        assert f"record {key}: fact alpha, array w differ; ours is kept" in merged.stderr
        assert ours.content(key) == before[key]
    assert len(list(ours.all_keys())) == 3


@pytest.mark.parametrize("name", DAMAGES)
def test_merging_verifies_theirs_and_mends_ours(tmp_path: Path, name: str) -> None:
    ours, (mine, both, *_) = report(tmp_path / "ours", CELLS[:2])
    theirs, _ = report(tmp_path / "theirs", CELLS[:2])
    whole = ours.content(both)
    DAMAGES[name](theirs.path(mine))
    DAMAGES[name](ours.path(both))
    merged = command("merge", tmp_path / "theirs", "--out", tmp_path / "ours")
    assert merged.exit_code == 1
    assert f"{theirs.folder}: record {mine}: " in merged.stderr
    assert "1 copied, 0 here already, 0 in conflict, 1 damaged" in merged.stdout
    assert ours.content(both) == whole
    assert ours.read(mine).facts == {"alpha": 0.0}


def test_an_archive_is_the_same_bytes_and_can_be_merged(tmp_path: Path) -> None:
    store, keys = report(tmp_path / "one")
    report(tmp_path / "two", CELLS[::-1])
    for name in ("one", "two"):
        assert command("export", tmp_path / f"{name}.zip", "--out", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        archive.extractall(tmp_path / "three")
    assert command("merge", tmp_path / "three", "--out", tmp_path / "four").exit_code == 0
    for key in keys:
        assert Store(tmp_path / "four" / "records").content(key) == store.content(key)
    refuse("export", tmp_path / "one.zip", "--out", tmp_path / "one", why="is there already")
    refuse("export", tmp_path / "no" / "one.zip", "--out", tmp_path / "one", why="its folder is not there")


def older(out: Path) -> None:
    (out / "records").mkdir(parents=True)
    (out / "records" / f"{'a' * 64}.json").write_text("{}")


def test_a_store_of_an_older_version_is_named_in_a_line(tmp_path: Path) -> None:
    older(tmp_path)
    for verb in ("ls", "verify"):
        said = command(verb, "--out", tmp_path)
        assert (said.exit_code, len(said.stderr.splitlines())) == (0, 1)
        assert "1 records of an older version" in said.stderr
    merged = command("merge", tmp_path, "--out", tmp_path / "new")
    assert merged.exit_code == 1
    assert "1 records of an older version" in merged.stderr


def nothing(out: Path) -> None:
    out.mkdir()


def a_file(out: Path) -> None:
    (out / "records").parent.mkdir()
    (out / "records").touch()


@pytest.mark.parametrize("made", [nothing, a_file, lambda out: None])
@pytest.mark.parametrize("words", [["ls"], ["show", "a"], ["verify"], ["prune"], ["export", "x.zip"]])
def test_a_folder_without_records_is_refused(tmp_path: Path, made: Callable[[Path], None], words: list[str]) -> None:
    made(tmp_path / "out")
    refuse(*words, "--out", tmp_path / "out", why="no records there")


def test_bad_words_are_one_line_and_exit_2(tmp_path: Path) -> None:
    report(tmp_path / "out")
    out = ("--out", tmp_path / "out")
    refuse("show", "zz", *out, why="0 records begin so")
    refuse("show", "", *out, why="3 records begin so")
    refuse("ls", "--older-than", "-1", *out, why="expected a number of days")
    refuse("ls", "--older-than", "nan", *out, why="expected a number of days")
    refuse("merge", tmp_path / "nowhere", *out, why="no records there")
    refuse("merge", tmp_path / "out", *out, why="merged into")
    (tmp_path / "file").touch()
    refuse("merge", tmp_path / "out", "--out", tmp_path / "file", why="cannot be written")
    for words in ([], ["show"], ["erase"], ["ls", "more"], ["merge"], ["export"]):
        assert command(*words, *out).exit_code == 2


def test_who_reads_the_beginning_alone_is_not_bothered(tmp_path: Path) -> None:
    store = Store(tmp_path / "records")
    for place in range(30):
        store.write({**cell("q" * 4000, []), "seed": place}, {}, {})
    words = f"{sys.executable} -m reports.store ls --out {tmp_path} | head -c 10"
    said = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert (len(said.stdout), said.stderr) == (10, "")
