"""What the judgement of a GPU writes, how it goes on after a failure, and how two reports are compared."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import marked_tests
from benchmarks.gpu.__main__ import main
from benchmarks.gpu.facts import Facts
from benchmarks.gpu.judgement import Judgement
from benchmarks.gpu.large_network import REAL, REHEARSED, rehearsed
from benchmarks.gpu.marked_tests import MarkedTests, counts, marks
from benchmarks.gpu.process import ROOT, python
from benchmarks.gpu.report import Built, allowance, chosen, differences, ran_there
from benchmarks.gpu.speed import workloads
from benchmarks.gpu.stage import Bench, Finding, Stage, TimeUpError
from benchmarks.gpu.stages import STAGES
from benchmarks.peers import PEERS


class Scripted(Stage):
    """A stage that says what it is told to, and then raises what it is given."""

    title, share, rehearsal_share = "as told", 1.0, 1.0

    def __init__(self, name: str, said: list[Finding], raises: BaseException | None = None):
        self.name, self.said, self.raises = name, said, raises

    def findings(self, bench: Bench) -> Iterator[Finding]:
        yield from self.said
        if self.raises is not None:
            raise self.raises


RIGHT = Scripted("right", [Finding("a number", {"value": math.nan}), Finding("it agrees", agrees=True)])
WRONG = Scripted("wrong", [Finding("it differs", agrees=False)])
BROKEN = Scripted("broken", [Finding("first", agrees=True)], ValueError("no such thing"))
SHORT = Scripted("short", [], TimeUpError("3 of 4 were not compared"))


def judged(tmp_path: Path, *stages: Stage) -> tuple[int, dict[str, Any]]:
    file = tmp_path / "out.json"
    status = Judgement(stages, "cpu", 1.0, file, ["gpu"], lambda _: None).run()
    found = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not strict JSON"))
    assert found["status"] == status
    return status, {stage["name"]: stage for stage in found["stages"]}


def test_exit_statuses_and_what_is_written(tmp_path: Path) -> None:
    assert judged(tmp_path, RIGHT)[0] == 0
    status, stages = judged(tmp_path, BROKEN, RIGHT)
    assert status == 3
    assert stages["broken"]["status"] == "failed"
    assert stages["broken"]["reason"].startswith("ValueError: no such thing (test_gpu_judgement.py, line ")
    assert [finding["what"] for finding in stages["broken"]["findings"]] == ["first"]
    assert stages["right"]["status"] == "passed"
    assert stages["right"]["findings"][0]["facts"] == {"value": None}
    assert judged(tmp_path, WRONG, BROKEN)[0] == 1
    status, stages = judged(tmp_path, SHORT)
    assert (status, stages["short"]["status"], stages["short"]["reason"]) == (3, "cut", "3 of 4 were not compared")


def test_a_run_that_is_cut_keeps_what_it_had(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        judged(tmp_path, RIGHT, Scripted("cut off", [Finding("seen", agrees=True)], KeyboardInterrupt()))
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["status"] is None
    statuses = [(stage["name"], stage["status"]) for stage in found["stages"]]
    assert statuses == [("right", "passed"), ("cut off", "running")]
    assert [finding["what"] for finding in found["stages"][1]["findings"]] == ["seen"]


def test_all_stages_in_their_order() -> None:
    assert [stage.name for stage in STAGES] == ["facts", "tests", "agreement", "report", "speed", "scale"]
    assert sum(stage.share for stage in STAGES) <= 1.05


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--minutes", "0"], "--minutes 0.0: expected a number > 0 and <= 600"),
        (["--minutes", "601"], "--minutes 601.0: expected a number > 0 and <= 600"),
        (["--json", "x" * 5000], "File name too long"),
        (["--minutes", "soon"], "invalid float value: 'soon'"),
        (["--stage", "fact"], "--stage fact: expected names among facts, tests, agreement, report, speed, scale"),
        (["--stage", ","], "--stage : expected names among"),
        (["--device", "abacus"], "--device abacus: device = 'abacus'"),
        (["--json", "."], "--json .: is no file; name one"),
    ],
)
def test_bad_input_is_one_line(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--device", "cpu", *options])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def bench(tmp_path: Path, seconds: float = 60.0, device: str = "cpu") -> Bench:
    return Bench(device, True, tmp_path, time.monotonic() + seconds)


def test_facts_of_this_machine(tmp_path: Path) -> None:
    found = {finding.what: finding for finding in Facts().findings(bench(tmp_path))}
    assert found["float32 products are full ones"].agrees
    assert found["peak, float64, ieee"].facts["flop/s"] > 1e8
    assert found["peak, copy"].facts["bytes/s, read and written"] > 1e7
    assert found["launch of one operation"].facts["seconds"] < 1e-3
    assert found["versions"].facts["missing"] == [n for n, v in found["versions"].facts.items() if v is None]


def test_files_that_mark_a_test_gpu_are_found_by_their_text() -> None:
    assert marks(ROOT / "tests/empirics/test_empirics_cuda.py")
    assert not marks(ROOT / "tests/benchmarks/tiny.py")


XML = """<testsuites><testsuite>
<testcase classname="tests.a" name="test_one[x]"/>
<testcase classname="tests.a" name="test_two"><failure message="assert 1 == 2">long</failure></testcase>
<testcase classname="tests.b" name="test_three"><skipped message="no"/></testcase>
<testcase classname="tests.b" name="test_four"><error message="broke"/></testcase>
</testsuite></testsuites>"""


def test_counts_of_the_marked_tests() -> None:
    whole, *bad = counts(XML, "tests/a.py")
    assert whole.what == "tests/a.py"
    assert whole.facts == {"passed": 1, "failed": 2, "skipped": 1}
    assert whole.agrees is False
    assert [(one.what, one.facts["message"]) for one in bad] == [
        ("tests.a::test_two", "assert 1 == 2"),
        ("tests.b::test_four", "broke"),
    ]
    skipped = '<testsuites><testcase classname="a" name="b"><skipped/></testcase></testsuites>'
    assert [one.agrees for one in counts(skipped, "a")] == [None]
    assert [one.agrees for one in counts("<testsuites/>", "a")] == [None]


def test_a_gpu_on_which_every_marked_test_is_skipped_has_shown_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked_tests, "marks", lambda path: path.name == "test_empirics_cuda.py")

    def skipped(bench: Bench, what: str, *options: str, fine: tuple[int, ...]) -> None:
        (report,) = [option.partition("=")[2] for option in options if option.startswith("--junitxml")]
        Path(report).write_text('<testsuites><testcase classname="a" name="b"><skipped/></testcase></testsuites>')

    monkeypatch.setattr(marked_tests, "python", skipped)
    for device, agrees in (("cpu", None), ("cuda:0", False)):
        *_, whole = MarkedTests().findings(bench(tmp_path, device=device))
        assert (whole.facts, whole.agrees) == ({"passed": 0, "failed": 0, "skipped": 1}, agrees)


def test_a_command_that_takes_too_long_or_breaks_is_told(tmp_path: Path) -> None:
    with pytest.raises(TimeUpError, match="a nap was stopped"):
        python(bench(tmp_path, 0.5), "a nap", "-c", "import time; time.sleep(60)", fine=(0,))
    with pytest.raises(TimeUpError, match="a nap was not run"):
        python(bench(tmp_path, -1.0), "a nap", "-c", "", fine=(0,))
    with pytest.raises(RuntimeError, match="it ended with status 1: ValueError: of this"):
        python(bench(tmp_path), "it", "-c", "raise ValueError('of this')", fine=(0, 1))
    with pytest.raises(RuntimeError, match="it ended with status 3: well"):
        python(bench(tmp_path), "it", "-c", "import sys; print('well'); sys.exit(3)", fine=(0, 1))
    assert python(bench(tmp_path), "it", "-c", "print('well')", fine=(0,)).stdout == "well\n"


def row(row_id: str = "T2:a", measured: float = 0.5, decided_by: str = "Arb balls", **more: Any) -> dict[str, Any]:
    inputs = {"alpha": "1/10", "L": "1", "rho": "1", "B": "3", "nu": "1"}
    return {
        "row_id": row_id, "verdict": "HOLDS", "measured": measured, "lower": measured, "upper": measured,
        "tightness": 0.5, "witness": None, "decided_by": decided_by, "inputs": inputs, "tau": 2, **more,
    }  # fmt: skip


def built(*rows: dict[str, Any], device: str = "cpu", **facts: Any) -> Built:
    return Built(rows, device, {one["row_id"]: {"backend": "torch", "notes": [], **facts} for one in rows})


def agreeing(near: dict[str, Any], far: dict[str, Any]) -> list[tuple[str, bool | None]]:
    return [(finding.what, finding.agrees) for finding in differences(built(near), built(far))[1:]]


def test_reports_that_differ_are_told_apart() -> None:
    assert agreeing(row(), row()) == []
    assert agreeing(row(), row(verdict="VACUOUS")) == [("row T2:a: verdict differ", False)]
    (lost,) = differences(built(row(), row("T2:b")), built(row()))
    assert lost.agrees is False
    assert lost.facts["only on one device"] == ["T2:b"]
    # an enclosed number may move within the CPU's enclosure, however wide the other one is
    wide = {"lower": 0.4, "upper": 0.6}
    assert agreeing(row(**wide), row(measured=0.55, **wide)) == [("row T2:a: measured", True)]
    assert ("row T2:a: measured", False) in agreeing(row(), row(measured=0.55, **wide))
    assert agreeing(row(**wide), row(lower=0.4, upper=0.9)) == [("row T2:a: upper", False)]
    assert ("row T2:a: measured", False) in agreeing(row(), row(measured=None))
    # two searches that round differently end at different points, of nearly the same height
    found = {"witness": {"w": [1.0]}}
    for moved, agrees in ((0.499, True), (0.4, False)):
        searched = row(measured=moved, **found)
        assert {agreed for _, agreed in agreeing(row(**found), searched)} == {agrees}


def test_what_a_sampled_row_may_move() -> None:
    sampled = row(decided_by="betting bound over independent float64 runs, N = 8")
    # L_F = (1 + 1/10)^2 + 3/10 = 1.51, B_F = 3.3, iterates of norm at most 1: 2 (1 + 3.3) (1 + 1.51) 1e-10 (1 + 1)
    assert allowance(sampled, {}) == pytest.approx(2 * 4.3 * 2.51 * 2e-10)
    moved = {**sampled, "measured": 0.5 + 1e-6}
    assert agreeing(sampled, moved) == [("row T2:a: measured", False)]


def test_a_report_that_fell_back_did_not_run_there() -> None:
    assert ran_there(built(row(), device="cuda:0"), "cuda").agrees
    assert ran_there(built(row()), "cpu").agrees
    assert ran_there(built(row()), "cuda").agrees is False
    assert ran_there(built(row(), device="cuda:0", backend="native"), "cuda").agrees is False
    assert ran_there(built(row(), device="cuda:0", notes=["no CUDA graph could be recorded"]), "cuda").agrees is False
    assert ran_there(built(device="cuda:0"), "cuda").agrees is False


def test_three_rows_of_different_kinds_are_reproduced() -> None:
    rows = [
        row("point", tau=None),
        row("path"),
        row("drawn", decided_by="exact expectation (every batch)", tau=None),
        row("runs", decided_by="betting bound"),
    ]
    assert chosen(rows) == {"runs": "runs", "outcomes": "drawn", "one path": "path"}
    assert chosen(rows[:1]) == {"runs": None, "outcomes": None, "one path": None}


def test_the_large_network_is_large_and_its_rehearsal_is_not() -> None:
    assert REAL.network.d == 8970
    assert REAL.bytes_of_a_vector > 2**30
    assert rehearsed().d == REHEARSED.network.d == 51


def test_workloads_of_a_gpu_come_in_the_order_of_what_they_tell(tmp_path: Path) -> None:
    todo = workloads(Bench("cuda:0", False, tmp_path, 0.0))
    assert [f"{workload.name} x {scale}" for workload, scale in todo] == [
        *("W1 x 1", "W2 x 1", "W3 x 1", "W4 x 1", "MLP 784-256-256-10 x 1"),
        *("W1 x 8", "W2 x 8", "W3 x 8", "W4 x 8", "W1 x 64", "W2 x 64", "W3 x 64", "W4 x 64"),
    ]
    assert todo[4][0].d == 784 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10
    assert todo[9][0].participants == 64 * 128
    assert "cuda" in PEERS["jax_explicit"].devices


@pytest.mark.slow
def test_the_whole_rehearsal(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert main(["--device", "cpu", "--minutes", "6", "--json", str(file)]) == 0
    stages = json.loads(file.read_text())["stages"]
    assert stages[1]["findings"][-1]["facts"]["skipped"] > 100
    assert [(stage["name"], stage["status"]) for stage in stages] == [(stage.name, "passed") for stage in STAGES]


def test_the_smallest_rehearsal(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    assert main(["--device", "cpu", "--minutes", "1", "--stage", "facts", "--json", str(file)]) == 0
    (stage,) = json.loads(file.read_text())["stages"]
    assert (stage["name"], stage["status"]) == ("facts", "passed")
