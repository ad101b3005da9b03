"""Claims, plans and option strings at random, in one child process with limits on memory and time.

python -m tests.reports.fuzzing CASES SEED: exit status 0 when each of them is read, checked and judged, or refused by
the error that is meant for it in one line.
"""

from __future__ import annotations

import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from importlib import resources
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from reports.analyses.claims import claim_measurements
from reports.judging.measurement import Enclosed, Measurement, Setting
from reports.judging.rows import Verdict
from reports.judging.verdicts import judge
from reports.plans.plan import PlanError, load_plan
from reports.refusal import RefusedError
from reports.request import Words, checked
from theory.claims.comparison import compare
from theory.claims.reading import ClaimError, parse_claims, with_claims
from theory.tables import default_table

MEMORY = 6 << 30
SECONDS = 10.0  # of processor time, for one case

NUMBERS = st.sampled_from(
    ["0", "1", "2", "3", "0.5", "1e-3", "1e400", "1e-400", "10000", "10**300", "10**10000", "(0-1)", "(1/3)"]
)
NAMES = st.sampled_from(
    ["alpha", "L", "rho", "B", "nu", "q", "L_F", "T2", "sigma_G", "tau", "D", "K", "beta", "theta", "gamma_F", "b", "l"]
)


def _wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(two, st.sampled_from("+-*/")).map(lambda t: f"({t[0][0]}{t[1]}{t[0][1]})"),
        two.map(lambda t: f"{t[0]}**{t[1]}"),
        st.tuples(st.sampled_from(["sqrt", "exp", "log", "abs"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from(["min", "max", "S"]), two).map(lambda t: f"{t[0]}({t[1][0]},{t[1][1]})"),
        two.map(lambda t: f"sum({t[0]},l,0,{t[1]})"),
        inner.map(lambda t: f"-{t}"),
    )


EXPRESSIONS = st.recursive(st.one_of(NUMBERS, NAMES), _wider, max_leaves=12)
HYPOTHESES = st.tuples(EXPRESSIONS, st.sampled_from(["<=", "<", ">", ">=", "=="]), EXPRESSIONS).map(" ".join)
CLAIMS = st.tuples(EXPRESSIONS, st.lists(HYPOTHESES, max_size=2), st.integers(0, 99))
SMALL = """title = "x"
[[tasks]]
name = "a"
factory = "cosine"
arguments = { n = 2, d = 2 }
[[points]]
task = "a"
alpha = ["1/2", "1/4"]
nu = 1
delta = "1/16"
at = [0, 1]
pair = [1, 0]
statements = ["S4", "S9"]
[[noise]]
task = "a"
alpha_L = "1/4"
nu = 1
D = [1, 2]
D_prime = 1
D_H = 1
method = "enumerate"
statements = ["S6"]
[[runs]]
task = "a"
alpha_L = "1/4"
rounds = 3
columns = ["mode", "nu", "tau", "m", "fraction"]
rows = [["exact", 1, 2, 2, "1/2"], ["stochastic", 2, 1, 1, "1/4"]]
D = 8
D_prime = 8
D_H = 8
statements = ["T2"]
"""
TEXTS = [SMALL, (resources.files("reports") / "plans" / "scaling.toml").read_text("utf-8")]
VALUES = st.sampled_from(
    ["0", "-1", "10**9", "1000000000000", '"1e400"', '"1/0"', '"0.1"', "[]", "[1]", "[1, 2]", "{}", "true", "nan",
     '["S4"]', '"exact"', "[[1]]", '"quadratic"', "1e999", "'''", '"\\u0000"', "[" * 2000 + "]" * 2000]
)  # fmt: skip
EDITS = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["value", "drop", "twice", "cut", "key"]), VALUES),
                 min_size=1, max_size=3)  # fmt: skip
WORDS = st.sampled_from(
    ["", "quick", "full", "x" * 5000, "/", "/dev/null", "a\x00b", "S4", "T2,S1", ":", "a:", "math:pi", "os:path", "-1",
     "cuda:99", "mps", "cpu", "..", "tests.reports.fuzzing:TEXTS", "json.tool:main", "math:pi@1/0", "é", "this:d"]
)  # fmt: skip
INPUTS = {"alpha": "1/4", "L": "1", "B": "3", "sigma_G": "1", "sigma_H": "1/2", "gamma_G": "1", "gamma_H": "1/4"}


def stored_rows() -> list[Measurement]:
    """Two rows of S4 with a left side of 1: without curvature change and with."""
    one, setting = Enclosed(Fraction(1), Fraction(1), ""), Setting("q", "exact", 1, 2, 0.25)
    inputs = ({**INPUTS, "rho": rho, "nu": nu, "mode": "exact"} for rho, nu in (("0", "1"), ("1/2", "2")))
    return [Measurement("S4", "L_F", given, setting, one, 2.0, label=str(at)) for at, given in enumerate(inputs)]


def claim(case: tuple[str, list[str], int]) -> None:
    """Read, judged on stored rows, compared with ours and printed; the verdicts are those that exist."""
    rhs, hypotheses, turn = case
    listed = ", ".join(f'"{one}"' for one in hypotheses)
    text = f'[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\nhypotheses = [{listed}]\n'
    try:
        claims = parse_claims(text, "a.toml")
    except ClaimError as error:
        _one_line(error)
        return
    table = with_claims(default_table(), claims)
    for row in judge(claim_measurements(claims, ROWS, table), table=table):
        assert row.verdict in Verdict
        assert row.reason
    if turn == 0:  # two hundred points each
        compare(claims[0], table)
    assert table.bound("mine").mathml
    assert claims[0].unit_note is not None


def _one_line(error: Exception) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 3000


def _named(error: Exception) -> None:
    assert str(error)


def plan(text: str, edits: list[tuple[int, str, str]], folder: Path) -> None:
    """Some lines of a packaged plan changed, then read and checked."""
    lines = text.splitlines()
    for place, what, value in edits:
        at = place % len(lines)
        key = lines[at].partition("=")[0]
        lines[at : at + 1] = {
            "value": [f"{key}= {value}"], "drop": [], "twice": [lines[at]] * 2, "cut": [lines[at][: len(value)]],
            "key": [f"x{lines[at]}"],
        }[what] or [""]  # fmt: skip
    path = folder / "plan.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        load_plan(str(path))
    except PlanError as error:
        _one_line(error)


def options(words: list[str], numbers: list[int], folder: Path) -> None:
    """A command line, checked."""
    profile, plan_name, device, out, only, task = words
    first, roots, jobs = numbers
    try:
        request = checked(Words(
            profile or "quick", plan_name or None, device, folder / out, [only] if only else [], first, roots, jobs, [],
            task or None,
        ))  # fmt: skip
        assert request.jobs >= 1
    except RefusedError as error:
        _named(error)


ROWS = stored_rows()


def _limited(function: Callable[[], None]) -> None:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        function()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _expired(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def main(cases: int, root: int) -> None:
    """So many cases: half of them claims, the rest plans and a few command lines."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _expired)
    quiet = settings(
        deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
    )

    @seed(root)
    @settings(quiet, max_examples=cases // 2)
    @given(CLAIMS)
    def claims(case: tuple[str, list[str], int]) -> None:
        _limited(lambda: claim(case))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        @seed(root)
        @settings(quiet, max_examples=cases - cases // 2 - cases // 100)
        @given(st.sampled_from(TEXTS), EDITS)
        def plans(text: str, edits: list[tuple[int, str, str]]) -> None:
            _limited(lambda: plan(text, edits, folder))

        @seed(root)
        @settings(quiet, max_examples=cases // 100)
        @given(st.lists(WORDS, min_size=6, max_size=6), st.lists(st.integers(-2, 3), min_size=3, max_size=3))
        def lines(words: list[str], numbers: list[int]) -> None:
            _limited(lambda: options(words, numbers, folder))

        claims()
        plans()
        lines()
        assert sorted(path.name for path in folder.iterdir()) == ["plan.toml"]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
