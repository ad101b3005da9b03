"""The command line: contracted JSON, exit statuses, one line per error, a start without heavy imports."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from fractions import Fraction

import pytest

from tests.theory.parameters import ACCEPTANCE
from theory.__main__ import main

PAIRS = [f"{key}={value}" for key, value in ACCEPTANCE.items()]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_smoothness_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "eval", "L_F", "alpha=1", "L=1", "rho=1/2", "B=3", "nu=1", "--json")
    assert status == 0
    assert json.loads(out) == {
        "name": "L_F",
        "exact": "11/2",
        "value": "5.500000000000000000000000",
        "enclosure": ["5.500000000000000000000000", "5.500000000000000000000000"],
        "hypotheses": [],
        "provenance": "derived",
        "source": "S4",
    }


def test_rate_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "eval", "T2", *PAIRS, "mode=stochastic", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["value"].startswith("0.82220240486448")
    assert found["exact"] is None
    low, high = (Fraction(text) for text in found["enclosure"])
    assert low < high
    assert low <= Fraction(found["value"]) <= high
    assert [(item["name"], item["holds"]) for item in found["hypotheses"]] == [("h <= 1", True), ("A > 0", True)]


def test_failed_hypothesis_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [pair for pair in PAIRS if not pair.startswith("beta")]
    status, out, _ = run(capsys, "eval", "T2", *pairs, "beta=100", "--json")
    found = json.loads(out)
    assert status == 1
    assert found["value"] is None
    assert found["exact"] is None
    assert found["enclosure"] is None
    assert {"name": "h <= 1", "holds": False, "detail": "h = 905.3 > 1"} in found["hypotheses"]


def test_failed_hypothesis_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "eval", "q", "alpha=1", "L=1", "mu=2")
    assert (status, out) == (1, "q has no value: mu <= L fails, mu = 2 > L = 1\n")


def test_evaluation_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "eval", "T2", *PAIRS)
    assert status == 0
    assert out.startswith("T2 = 0.8113927276792713676096980\n")
    assert "hypothesis  h <= 1: h = 0.09053 < 1" in out


BAD = [
    (["eval", "L_F", "alpha=1"], "L_F: missing L"),
    (["eval", "L_F", "alpha"], "alpha: expected key=value"),
    (["eval", "L_F", "alpha=1", "alpha=2"], "given twice"),
    (["eval", "L_F", "alpha=-1"], "alpha = -1: expected a number >= 0"),
    (["eval", "L_F", "alpha=nan"], "alpha = nan: not finite"),
    (["eval", "L_F", "nu=1.5"], "nu = 1.5: expected an integer >= 0"),
    (["eval", "L_F", "lambda=1"], "lambda = 1: unknown key"),
    (["eval", "kappa", "n=2", "m=3"], "m = 3: expected an integer between 1 and n = 2"),
    (["eval", "B_F", "q=1e300", "B=1", "nu=10000"], "overflow"),
    (["eval", "B_G"], "B_G: unknown quantity"),
    (["eval", "q", "mode=fast"], "mode = fast: expected one of exact"),
    (["eval", "q", "mode=exakt"], "hessian_free_stochastic (did you mean exact?)"),
    (["eval", "S4"], "its quantities are L_F, L_F_pointwise, B_q; try python -m theory eval L_F key=value"),
    (["eval", "q", "out.json", "--json"], "--json prints to standard output: --json > out.json"),
    (["show", "S44"], "S44: unknown statement or quantity (did you mean S4?)"),
    (["show", "T22"], "T22: unknown statement or quantity (did you mean T2?)"),
    (["show", "T1e"], "T1e: unknown statement or quantity (did you mean T1?)"),
    (["show", "L_f"], "L_f: unknown statement or quantity (did you mean L_F?)"),
    (["show", "t2"], "t2: unknown statement or quantity (did you mean T2?)"),
    (["show", "theory.statements:s4"], "theory.statements:s4: cannot be imported (did you mean s04?)"),
    (["admissible", "L_F", "alpha=1", "L=1", "rho=1", "B=1", "nu=1"], "do not involve beta"),
    (["admissible", "T2p", "L=1"], "need not form an interval; ask for T2"),
    (["plan", "--epsilon", "0.1", "alpha=1"], "plan: not in this version"),
    (["prove", "--all"], "prove: not in this version"),
    (["eval", "L_F", "--unknown"], "No such option"),
    (["nonsense"], "No such command"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda item: str(item)[:40])
def test_bad_input_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("error: ")
    assert message in err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "list")
    assert status == 0
    assert "  L_F                   [F/W^2]     smoothness of every F_i: norm(grad F_i(w) - grad F_i(u)) <= L_F" in out
    _, out, _ = run(capsys, "list", "--json")
    found = json.loads(out)
    assert {"T2", "maml.C_L"} <= {row["name"] for row in found["quantities"]}
    assert {"S5p", "T1c"} <= {row["id"] for row in found["statements"]}


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "show", "S7")
    assert status == 0
    for part in ("Statement", "Quantities", "Hypotheses", "Provenance   derived", "Source", "Proof", "Minkowski"):
        assert part in out
    _, out, _ = run(capsys, "show", "S4", "--latex")
    assert out.startswith(r"\begin{aligned} \|\nabla F_i(w) - \nabla F_i(u)\| &\le L_F \|w - u\|")
    _, out, _ = run(capsys, "show", "gamma_F")
    assert "Unit         F/W" in out


def test_latex(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "latex")
    assert status == 0
    assert out.count(r"\providecommand") > 70


def test_admissible(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "admissible", "T2", *PAIRS)
    assert status == 0
    assert out == "beta  0.11046062078868883\nh     1.0\nlimited by h <= 1; every smaller beta is admissible too\n"
    _, out, _ = run(capsys, "admissible", "T2", *PAIRS, "--json")
    assert json.loads(out) == {"name": "T2", "beta": "0.11046062078868883", "h": "1.0", "binding": "h <= 1"}
    status, out, err = run(capsys, "admissible", "T1c", *PAIRS, "grad_norm=1")
    assert (status, out) == (1, "")
    assert "tau = 5 > 1" in err


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    script = (
        "import sys; from theory.__main__ import main; main(['--help']);"
        "print(sorted({'torch', 'sympy', 'flint', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 5  # measured 0.1 s; the margin is for a busy machine
    assert done.stderr.strip() == "[]"
    assert "admissible" in done.stdout


def test_evaluation_never_imports_torch() -> None:
    script = (
        "import sys; from theory.__main__ import main; main(['eval', 'q', 'alpha=1', 'L=1']);"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
