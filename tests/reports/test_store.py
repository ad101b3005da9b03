"""Records are content-addressed, whole or absent, and a changed number is noticed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from reports.records.store import Store, record_key, write_atomically
from reports.store import main

CELL = {"kind": "points", "nu": 2}


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = store.write(CELL, {"alpha": 0.1}, {"w": np.arange(3.0)})
    assert written.key in store
    assert list(store.all_keys()) == [written.key]
    read = store.read(written.key)
    assert (read.cell, read.facts) == (CELL, {"alpha": 0.1})
    assert np.array_equal(read.arrays["w"], np.arange(3.0))


def test_the_key_is_the_content_not_the_order() -> None:
    assert record_key({"a": 1, "b": [1, 2]}) == record_key({"b": [1, 2], "a": 1})
    assert record_key({"a": 1}) != record_key({"a": 2})


def test_equal_records_are_equal_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        Store(tmp_path / folder).write(CELL, {}, {"w": np.arange(3.0)})
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 2
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_changed_arrays_and_changed_cells_are_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = store.write(CELL, {}, {"w": np.arange(3.0)}).key
    path = tmp_path / f"{key}.json"
    body = json.loads(path.read_text())
    path.write_text(json.dumps({**body, "cell": {**CELL, "nu": 3}}))
    with pytest.raises(ValueError, match=f"record {key}: .*changed"):
        store.read(key)
    path.write_text(json.dumps({**body, "facts": {"alpha": 2.0}}))
    with pytest.raises(ValueError, match=f"record {key}: .*changed"):
        store.read(key)
    path.write_text(json.dumps(body))
    np.savez(tmp_path / f"{key}.npz", w=np.arange(4.0))
    with pytest.raises(ValueError, match=f"record {key}: its arrays"):
        store.read(key)


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with pytest.raises(TypeError):
        write_atomically(target, "not bytes")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nan_never_enters_a_record(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Store(tmp_path).write(CELL, {"x": float("nan")}, {})


def test_the_command_lists_shows_verifies_and_prunes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell = {"kind": "points", "cell": {"task": "q", "statements": ["S4"]}}
    store = Store(tmp_path / "records")
    used = store.write(cell, {}, {"w": np.arange(3.0)}).key
    unused = store.write({**cell, "seed": 1}, {}, {"w": np.arange(3.0)}).key
    (tmp_path / "manifest.json").write_text(json.dumps({"records": [used]}))
    out = ["--out", str(tmp_path)]
    assert main(["ls", *out]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["show", used[:12], *out]) == 0
    assert json.loads(capsys.readouterr().out)["arrays"] == {"w": [3]}
    assert main(["verify", *out]) == 0
    assert main(["prune", *out]) == 0
    assert unused in store  # younger than a day: a build may be about to name it
    for path in (tmp_path / "records").iterdir():
        os.utime(path, (0, 0))
    assert main(["prune", *out]) == 0
    assert list(store.all_keys()) == [used]
    assert unused not in store
    (tmp_path / "records" / f"{used}.npz").write_bytes(b"damaged")
    assert main(["verify", *out]) == 1
    assert used in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["show"], ["show", "zz"], ["erase"], ["ls", "more"]])
def test_bad_words_are_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    (tmp_path / "records").mkdir()
    assert main([*words, "--out", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
