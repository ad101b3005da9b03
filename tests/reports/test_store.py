"""Records are content-addressed, whole or absent, and a changed number is noticed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from reports.store import Store, record_key, write_atomically

CELL = {"kind": "points", "nu": 2}


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = store.write(CELL, {"alpha": 0.1}, {"w": np.arange(3.0)})
    assert written.key in store
    assert list(store.keys()) == [written.key]
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
