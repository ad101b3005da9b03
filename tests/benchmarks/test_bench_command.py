"""The command line: bad input is refused before any work, and a tiny run leaves its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.peers import PEERS
from benchmarks.run import app
from reports.pages.speed import read
from tests.benchmarks.tiny import TINY


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workload", "W5"], "W1, W2, W3, W4"),
        (["--workload", ","], "--workload"),
        (["--peer", "torch_bmm,nobody"], "--peer nobody"),
        (["--repeat", "0"], "--repeat 0"),
        (["--scale", "0"], "--scale 0"),
        (["--threads", "0"], "--threads 0"),
        (["--threads", "1000000"], "processors at hand"),
        (["--device", "abacus"], "--device abacus"),
        (["--no-such-option"], "--no-such-option"),
        (["--repeat", "often"], "--repeat"),
    ],
)
def test_bad_input_exits_2_and_writes_nothing(tmp_path: Path, arguments: list[str], words: str) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert result.exit_code == 2
    assert words in result.output
    assert not out.exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "out"
    place.write_text("mine", encoding="utf-8")
    assert CliRunner().invoke(app, ["--out", str(place)]).exit_code == 2
    assert place.read_text(encoding="utf-8") == "mine"


@pytest.mark.slow  # four processes that import torch
def test_a_tiny_run_leaves_table_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.run.WORKLOADS", TINY)
    monkeypatch.setattr("benchmarks.searching.rates", lambda *_: [])
    arguments = ["--workload", "W1", "--peer", "torch_bmm", "--repeat", "2", "--threads", "1", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    stored = read(tmp_path)
    assert stored is not None
    (table,) = stored.speed
    assert [one.peer for one in table.timings] == ["ours", "torch_bmm"]
    assert table.timings[0].ratios == [1.0, 1.0]
    assert all(len(one.seconds) == 2 and one.difference <= 1e-12 for one in table.timings)
    assert table.flops == TINY["W1"].flops()
    assert PEERS["torch_bmm"].title in result.output
