"""Whatever a claim, a plan or a command line says: judged or refused in one line, within limits on memory and time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def fuzz(cases: int, seed: int, seconds: int) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.reports.fuzzing", str(cases), str(seed)],
        capture_output=True, text=True, cwd=ROOT, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]


def test_two_thousand_odd_inputs() -> None:
    fuzz(2_000, 1, 300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_times_ten_thousand_odd_inputs(seed: int) -> None:
    fuzz(10_000, seed, 3_000)


BUILT = (
    "10**10000*L", "exp(10**10000)", "exp(exp(10**9))", "exp(-10**300)*L", "L/rho", "L/beta", "L*log(rho)",
    "1000*L_F*sqrt(alpha*L - 100)", "L*nu**(0-2)", "0/(1 - alpha*L) + 9*L", "max(5*L, sqrt(alpha*L - 100))",
    "L/2*(1 + exp(-3000*nu))", "sum(S(10000, l*alpha), l, 0, 10000)*L", "(3*L)**10000", "L_F - L_F", "T2*L_F",
    "2*L_F*max(1, exp(-exp(exp(exp(exp(alpha*L))))))", "exp(log(alpha - 5)*alpha)*L", "L +", "((L + 1)**50)**50",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("rhs", BUILT)
def test_twenty_whole_builds(tmp_path: Path, rhs: str) -> None:
    file, out = tmp_path / "a.toml", tmp_path / "out"
    file.write_text(f'[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\n')
    done = subprocess.run(
        [sys.executable, "-m", "reports.build", "--profile", "quick", "--only", "mine", "--claims", str(file), "--out",
         str(out)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert out.exists() == (done.returncode != 2)
