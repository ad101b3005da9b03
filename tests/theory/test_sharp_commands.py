"""sharpen and check-certificate: exit statuses, JSON, files, one line per error, nothing heavy for a check."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest

from theory.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
ACCEPTANCE = ["sharpen", "T1d", "h=1/10", "tau=2", "A=3/4"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_from_a_command_to_a_checked_certificate(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    start = time.perf_counter()
    status, out, _ = run(capsys, *ACCEPTANCE, "--out", str(file))
    assert time.perf_counter() - start < 60
    assert status == 0
    assert "SHARP, relative gap" in out
    status, out, _ = run(capsys, "check-certificate", str(file), "--json")
    assert status == 0
    proved = {side: Fraction(value) for side, value in json.loads(out).items()}
    assert 6.6617243e-4 <= proved["lower"] <= proved["upper"] <= 6.6617804e-4
    document = json.loads(file.read_text(encoding="utf-8"))
    document["upper"]["multipliers"][0][3] += "0"
    file.write_text(json.dumps(document), encoding="utf-8")
    status, out, err = run(capsys, "check-certificate", str(file))
    assert (status, out) == (1, "")
    assert "refused: the values of the losses do not cancel" in err
    file.write_text("{}", encoding="utf-8")
    status, out, err = run(capsys, "check-certificate", str(file))
    assert (status, out) == (2, "")
    assert "no certificate" in err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "sharpen", "T4p", "h=1", "tau=2", "--json")
    assert status == 0
    found = json.loads(out)
    assert found["word"] == "SHARP"
    assert found["gap"] == "0"
    assert found["parameters"] == {"h": "1", "tau": "2", "mu_c": "-1"}
    assert found["upper"]["exact"] == found["lower"]["exact"] == found["ours"]["exact"] == "1/15"
    assert found["upper"]["decimal"] == "0.0666666666666667"
    assert found["lower"]["decimal"] == "0.0666666666666666"
    assert found["ours"]["over_upper"] == "1"
    assert any("not covered" in line for line in found["scope"])


BAD = [
    (["T1e", "h=1", "tau=2"], "T1e: cannot be sharpened (did you mean T1d?)"),
    (["T1d", "h=1/10", "tau=2"], "T1d: missing A"),
    (["T1d", "h=1/10", "tau=2", "A=2"], "A = 2: expected at most 0.927469"),
    (["T1d", "h=2", "tau=2", "A=1/2"], "h = 2: expected a number > 0 and <= 1"),
    (["T1d", "h=1/2", "tau=1", "A=1/2"], "tau = 1: expected tau >= 2"),
    (["T1d", "h=1/2", "tau=3/2", "A=1/2"], "tau = 3/2: expected an integer"),
    (["T1d", "h=1/2", "tau=60", "A=1/2"], "<= 50"),
    (["T1d", "h=1/2", "tau=2", "A=1/2", "mu_c=1"], "mu_c = 1: expected less"),
    (["T1b", "h=1/2", "tau=2", "m=1"], "m = 1: n is missing"),
    (["T1b", "h=1/2", "tau=2", "n=2", "m=3"], "m = 3: expected an integer between 1 and n = 2"),
    (["T1b", "h=1/2", "tau=2", "alpha=1"], "alpha = 1: unknown key"),
    (["T2p", "h=1/2", "tau=2", "K=3"], "K and F0_gap go together"),
    (["T2p", "h=1/2", "tau=2", "K=2000", "F0_gap=1"], "K <= 1000"),
    (["T1d", "h=1e-12", "tau=2", "A=1/2"], "h = 1e-12: expected at least 1e-09"),
    (["T1b", "h=1/2", "tau=2", "n=1000000", "m=500000"], "<= 50"),
    (["T4p", "h=1/2", "tau=2", "n=1000"], "n = 1000: expected at most 50"),
    (["T4p", "h=1/2", "tau=2", "n=3", "m=2"], "T4p is about m = n"),
    (["T4p_gap", "h=1/2", "tau=2", "mu_F=2"], "mu_F = 2: expected"),
    (["T4p", "h=1/2", "tau=2", "--out", "no/such/folder/c.json"], "cannot be written"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda item: str(item)[:50])
def test_bad_input_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = run(capsys, "sharpen", *arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


def test_a_file_that_cannot_be_read_is_one_line_and_exit_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for place in ("none", "bytes", "."):
        status, out, err = run(capsys, "check-certificate", str(tmp_path / place))
        assert (status, out, err.count("\n")) == (2, "", 1)


def test_a_check_imports_neither_sympy_nor_a_solver() -> None:
    file = ROOT / "tests/theory/certificates/T1d_tau2.json"
    script = (
        f"import sys; from theory.__main__ import main; status = main(['check-certificate', {str(file)!r}]);"
        "print(sorted({'sympy', 'numpy', 'flint', 'cvxpy'} & set(sys.modules)), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_listing_does_not_import_the_search() -> None:
    script = (
        "import sys; from theory.__main__ import main; main(['list', '--json']);"
        "print(sorted(name for name in sys.modules if 'theory.sharp' in name or name == 'cvxpy'), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_commands_of_the_page_end_as_it_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/sharp-constants.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        printed = ""
        for line in block.splitlines():
            if line.startswith("$ python -m theory "):
                status, out, _ = run(capsys, *shlex.split(line.removeprefix("$ python -m theory ")))
                assert status == 0, line
                printed += out
            else:
                assert line in printed.splitlines(), line
