"""Records are content-addressed, whole or absent, the first one stays, and a changed bit is noticed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reports.records import atomic
from reports.records.atomic import atomically, write_atomically, write_once
from reports.records.record import unpacked
from reports.records.store import DamagedRecordError, Store, record_key
from tests.faults.damage import DAMAGES, UNSEEN
from tests.reports.forging import forged, taken_apart

CELL = {"kind": "points", "nu": 2}
ARRAYS = {"w": np.arange(30.0).reshape(2, 15), "counts": np.zeros((0, 2), dtype=np.int32)}


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    written = store.write(CELL, {"alpha": 0.1}, ARRAYS)
    assert written.key in store
    assert list(store.all_keys()) == [written.key]
    for read in (store.read(written.key), store.find(written.key)):
        assert read is not None
        assert (read.cell, read.facts) == (CELL, {"alpha": 0.1})
        for name, value in ARRAYS.items():
            assert read.arrays[name].dtype == value.dtype
            assert np.array_equal(read.arrays[name], value)
    assert store.description(written.key) == {"cell": CELL, "facts": {"alpha": 0.1}, "format": 2}


def test_the_file_is_the_one_that_the_format_describes(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = store.write(CELL, {"alpha": 0.1}, ARRAYS).key
    words, arrays = taken_apart(tmp_path / key[:2] / f"{key}.npz")
    assert words == {"format": 2, "cell": CELL, "facts": {"alpha": 0.1}}
    assert arrays["w"].tobytes() == ARRAYS["w"].tobytes()
    assert Store(tmp_path / "other").add(key, forged(words, arrays))
    assert Store(tmp_path / "other").read(key).facts == {"alpha": 0.1}


def test_the_key_is_the_content_not_the_order() -> None:
    assert record_key({"a": 1, "b": [1, 2]}) == record_key({"b": [1, 2], "a": 1})
    assert record_key({"a": 1}) != record_key({"a": 2})


def test_equal_records_are_equal_bytes(tmp_path: Path) -> None:
    stores = [Store(tmp_path / folder) for folder in ("one", "two")]
    one, two = (store.content(store.write(CELL, {"b": 1, "a": 2}, ARRAYS).key) for store in stores)
    assert one == two


def test_every_bit_of_a_record_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = store.write(CELL, {}, {"w": np.arange(3.0)}).key
    whole = store.content(key)
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedRecordError):
            unpacked(key, bytes(data))
    assert unpacked(key, whole).key == key


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_damaged_is_named_and_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str) -> None:
    store = Store(tmp_path)
    key = store.write(CELL, {"alpha": 0.1}, ARRAYS).key
    whole = store.content(key)
    DAMAGES[name](store.path(key))
    with pytest.raises(DamagedRecordError, match=f"record {key}: ") as damage:
        store.read(key)
    assert len(str(damage.value).splitlines()) == 1
    if name in UNSEEN:
        assert store.description(key)["cell"]["kind"] == CELL["kind"]
    else:
        with pytest.raises(DamagedRecordError, match=f"record {key}: "):
            store.description(key)
    assert caplog.messages == []
    assert store.find(key) is None
    assert [message.split("; set aside")[0] for message in caplog.messages] == [str(damage.value)]
    assert (key in store, list(store.all_keys())) == (False, [])
    assert len(list((tmp_path / "damaged").iterdir())) == len(list(store.leftovers())) == 1
    store.write(CELL, {"alpha": 0.1}, ARRAYS)
    assert store.content(key) == whole


def test_a_damaged_record_makes_room_for_one_that_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = store.write(CELL, {}, ARRAYS).key
    store.path(key).write_bytes(b"null")
    assert store.write(CELL, {}, ARRAYS).key == key
    assert store.read(key).cell == CELL


def test_a_whole_record_that_came_meanwhile_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another build sets the same damage aside and stores a whole record, between our look and our move."""
    store = Store(tmp_path)
    key = store.write(CELL, {}, ARRAYS).key
    whole = store.content(key)
    store.path(key).write_bytes(b"null")
    rename = os.rename

    def late(one: Path, other: Path) -> None:
        Path(one).write_bytes(whole)
        rename(one, other)

    monkeypatch.setattr(os, "rename", late)
    found = store.find(key)
    assert found is not None
    assert np.array_equal(found.arrays["w"], ARRAYS["w"])
    assert store.content(key) == whole
    assert list(store.leftovers()) == []


def test_the_first_record_of_a_key_stays(tmp_path: Path) -> None:
    one, two = Store(tmp_path), Store(tmp_path)
    first = one.write(CELL, {}, {"w": np.zeros(2)})
    second = two.write(CELL, {}, {"w": np.ones(2)})
    assert np.array_equal(second.arrays["w"], first.arrays["w"])
    assert np.array_equal(one.read(first.key).arrays["w"], np.zeros(2))


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_disk_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refused(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refused)
    assert write_once(tmp_path / "name", b"first")
    assert not write_once(tmp_path / "name", b"second")
    assert (tmp_path / "name").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_another_error_of_a_link_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space left"):
        write_once(tmp_path / "name", b"first")
    assert list(tmp_path.iterdir()) == []


def test_file_and_folder_are_on_the_disk_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append(kind(handle)), fsync(handle)))
    monkeypatch.setattr(os, "link", lambda one, other: (done.append("name"), link(one, other)))
    assert write_once(tmp_path / "new" / "name", b"data")
    assert done == ["folder", "file", "name", "folder"]


def kind(handle: int) -> str:
    return "folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file"


def test_a_network_that_syncs_no_folders_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def some(handle: int) -> None:
        if kind(handle) == "folder":
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(handle)

    monkeypatch.setattr(atomic.os, "fsync", some)
    write_atomically(tmp_path / "name", b"data")
    assert (tmp_path / "name").read_bytes() == b"data"


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with pytest.raises(TypeError):
        write_atomically(target, "not bytes")  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError), atomically(target) as file:
        file.write(bytes(10 // 0))
    assert list(tmp_path.iterdir()) == []


def test_nan_never_enters_a_record(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Store(tmp_path).write(CELL, {"x": float("nan")}, {})
    assert list(tmp_path.iterdir()) == []


def test_records_are_spread_over_folders_and_found_without_an_index(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keys = {store.write({"place": place}, {}, {}).key for place in range(20)}
    (tmp_path / "ab" / "notes.txt").parent.mkdir(exist_ok=True)
    (tmp_path / "ab" / "notes.txt").touch()
    (tmp_path / "ab" / f"{'cd' * 32}.npz").touch()  # in a folder that is not its own
    assert list(store.all_keys()) == sorted(keys)
    assert store.present([*keys, "0" * 64]) == keys
    assert {path.parent.name for path in map(store.path, keys)} == {key[:2] for key in keys}
    assert list(Store(tmp_path / "nowhere").all_keys()) == []


def test_a_file_that_was_replaced_on_another_machine_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    key = store.write(CELL, {}, ARRAYS).key
    read, stale = Path.read_bytes, [True, True]

    def late(path: Path) -> bytes:
        if stale:
            stale.pop()
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", late)
    assert store.read(key).key == key
    stale[:] = [True] * 9
    with pytest.raises(OSError, match="Stale"):
        store.read(key)


WRITER = """
import sys
from pathlib import Path
import numpy as np
from reports.records.store import Store
store, who = Store(Path(sys.argv[1])), float(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for place in range(40):
    found = store.find(store.write({"place": place}, {}, {"who": np.full(500, who)}).key)
    assert found is not None
    print(int(found.arrays["who"][0]), len(set(found.arrays["who"])))
"""


def test_two_writers_and_their_readers_see_one_record_of_a_key(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(who)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for who in (1, 2)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    said = [writer.communicate(timeout=60) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], said
    assert said[0] == said[1], "both read the record of the one who was first"
    assert {line.split()[1] for line in said[0][0].splitlines()} == {"1"}, "and no torn one"
    assert len(list(Store(tmp_path).all_keys())) == 40
    assert list(Store(tmp_path).leftovers()) == []


def test_an_older_store_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.older() == ""
    for key in ("a" * 64, "b" * 64):
        (tmp_path / f"{key}.json").write_text(json.dumps({}))
        (tmp_path / f"{key}.npz").touch()
    assert store.older() == f"{tmp_path}: 2 records of an older version, which this one does not read"
    assert list(store.all_keys()) == []
    assert len(list(store.older_files())) == 4
