"""A bad plan is refused before any work: one line with the table, the key, the value and what is allowed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reports.plans import checking, entries
from reports.plans.checking import check_tasks
from reports.plans.plan import PlanError, load_plan

HEAD = 'title = "x"\ntasks = [{ name = "a", factory = "quadratic" }]\n'
POINTS = HEAD + '[[points]]\ntask = "a"\nnu = 1\nstatements = ["S4", "S8"]\nalpha = "1/2"\n'
RUN = (
    HEAD + '[[runs]]\ntask = "a"\nnu = 1\nalpha = "1/8"\nmode = "exact"\ntau = 2\nrounds = 3\nstatements = ["T2"]\n'
    'fraction = "1/2"\n'
)
HILL = (
    'title = "x"\n[[tasks]]\nname = "a"\nfactory = "explicit-quadratic"\narguments = { A = [[[-1.0]]], c = [[0.0]] }\n'
)
NOISE = (
    'title = "x"\n[[tasks]]\nname = "a"\nfactory = "quadratic"\n'
    "arguments = { noise = { gradient = 0.25, amplitude = 0.0625, frequency = 2.0 } }\n"
    '[[noise]]\ntask = "a"\nalpha = "1/8"\nnu = 2\nD = 8\nD_prime = 8\nD_H = 8\nmethod = "enumerate"\n'
    'statements = ["S6"]'
)


def refusal(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "plan.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PlanError) as caught:
        check_tasks(load_plan(str(path)))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1500
    return message


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (POINTS + "at = [1]\npair = [2]", ["points on task a", "at has 1 entries, expected 4"]),
        (POINTS + "at = [1,1,1,1]\npair = [1,1,1,1]", ["[[points]]", "pair", "a point other than `at`"]),
        (POINTS + "pair = [1,1,1,1]", ["[[points]]", "pair", "expected `at`"]),
        (POINTS + "radius = 0", ["[[points]]: radius = 0", "> 0"]),
        (POINTS + 'radius = "-1"', ["radius = '-1'", "> 0"]),
        (POINTS + "delta = 0", ["delta = 0", "> 0"]),
        (POINTS.replace('"1/2"', '"1e400"'), ["[[points]]: alpha = '1e400'", "between 1e-300 and 1e300"]),
        (POINTS.replace('"1/2"', '"1e-999999"'), ["alpha = '1e-999999'", "expected a number such as"]),
        (POINTS.replace('"1/2"', '"1/0"'), ["alpha = '1/0'", "expected a number such as"]),
        (POINTS.replace('"1/2"', "0"), ["alpha = 0", "> 0"]),
        (POINTS.replace('"1/2"', '"-1/2"'), ["alpha = '-1/2'", "> 0"]),
        (POINTS.replace('"1/2"', "[]"), ["[[points]]", "alpha = []", "at least one"]),
        (POINTS.replace('["S4", "S8"]', "[]"), ["statements = []", "at least one"]),
        (POINTS.replace("nu = 1", "nuu = 1"), ["nuu = 1", "unknown key", "did you mean nu"]),
        (POINTS.replace("nu = 1", "nu = [" + "1," * 30000 + "]"), ["30000 cells", "at most 20000"]),
        (POINTS.replace("nu = 1", "".join(f"{k} = [{'1,' * 200}]\n" for k in ("nu", "radius", "label", "delta"))),
         ["1600000000 cells", "at most 20000"]),
        (POINTS.replace('"a"\nnu', '"b"\nnu'), ["unknown task b"]),
        (POINTS + POINTS.removeprefix(HEAD), ["two cells", "task = a, nu = 1", "both measure S4, S8", "another label"]),
        (POINTS.replace('"quadratic"', '"quadratic", arguments = { d = 40000 }'), ["task a", "GB of memory"]),
        (POINTS.replace('"quadratic"', '"quadratic", arguments = { n = 100000000 }'), ["task a", "GB of memory"]),
        (POINTS.replace('"quadratic"', '"quadratik"'), ["task a", "quadratik", "known are"]),
        (HILL + RUN.removeprefix(HEAD).replace('["T2"]', '["T2", "T3"]'),
         ["runs on task a: T3:", "the mean of the M_i is -", "expected it positive definite"]),
        (POINTS.replace('"1/2"', "30").replace("nu = 1", "nu = 9") + 'delta = "1/16"',
         ["points on task a", "delta = 1/16 is too large", "choose one below"]),
        (RUN + "m = 50", ["runs on task a", "m = 50", "between 1 and n = 5"]),
        (RUN + "start = [1, 2]", ["runs on task a", "start has 2 entries, expected 4"]),
        (RUN.replace('"exact"', '"stochastic"'), ["[[runs]]", "D is missing", "mode stochastic needs D, D_prime, D_H"]),
        (RUN.replace('"exact"', '"hessian_free"'), ["delta is missing", "mode hessian_free needs delta"]),
        (RUN.replace('"exact"', '"hessian_free"') + "delta = 0", ["delta = 0", "> 0"]),
        (RUN + "D = 3", ["D = 3", "mode exact has no use for it", "stochastic"]),
        (RUN.replace('"1/2"', "0"), ["fraction = 0", "> 0"]),
        (RUN.replace('fraction = "1/2"', 'beta = "-1/100"'), ["beta = '-1/100'", "> 0"]),
        (RUN + "replicas = 100000000000", ["replicas = 100000000000", "less than or equal to 1000000000"]),
        (RUN + "m = 2\nreplicas = 1000000000", ["runs on task a", "384 GB of memory", "fewer rounds or replicas"]),
        (RUN.replace('"exact"', '["exact", "fast"]'), ["mode = 'fast'", "hessian_free_stochastic"]),
        (NOISE, ["task a", "43046721 outcomes", "at most 20000"]),
        (NOISE.replace("D = 8", "D = 100000000"), ["D = 100000000", "more than can be listed"]),
        (NOISE.replace("S6", "S5").replace("nu = 2", "nu = 50"), ["outcomes", "at most 20000"]),
        ('title = "x"\npoints = 1', ["points = 1", "expected [[points]] tables"]),
        ('title = "x"\n[runs.x]\na = 1', ["runs = ", "expected [[runs]] tables"]),
        ('title = "x"\ntasks = 3', ["tasks = 3", "expected [[tasks]] tables"]),
        (b'title = "\xff"', ["not UTF-8", "0xff"]),
        ("a = " + "[" * 3000 + "]" * 3000, ["nested too deeply"]),
        ("a = " + "9" * 5000, ["not valid TOML"]),
        (POINTS + "columns = 3", ["columns = 3", "a list of keys"]),
        (POINTS + 'columns = ["label"]\nrows = [1]', ["rows = [1]", "expected lists"]),
        (POINTS + 'columns = ["label", "label"]\nrows = [["a", "b"]]', ["label is given twice"]),
    ],
)  # fmt: skip
def test_one_line_says_what_is_wrong(tmp_path: Path, text: str | bytes, parts: list[str]) -> None:
    started = time.process_time()
    message = refusal(tmp_path, text)
    for part in (str(tmp_path / "plan.toml") if "on task" not in message and "task a" not in message else "", *parts):
        assert part in message, message
    assert time.process_time() - started < 5


def test_a_folder_and_a_large_file_are_not_read(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="a folder"):
        load_plan(str(tmp_path))
    with pytest.raises(PlanError, match="did you mean quick"):
        load_plan("quikc")
    with pytest.raises(PlanError, match="nor a file"):
        load_plan("x" * 5000)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (entries.LARGEST_FILE + 1))
    with pytest.raises(PlanError, match=f"{entries.LARGEST_FILE + 1} bytes, at most"):
        load_plan(str(large))


def test_a_cell_over_the_memory_at_hand_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "at_hand", lambda: 10_000)
    assert "runs on task a: needs 49.2 kB of memory, 10 kB are at hand" in refusal(tmp_path, RUN + "m = 2")


def test_in_a_grid_over_modes_a_key_that_one_of_them_needs_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(RUN.replace('"exact"', '["exact", "hessian_free"]') + 'delta = "1/64"')
    exact, free = load_plan(str(path)).runs
    assert (exact.delta, free.delta) == (None, free.delta)
    assert free.delta is not None


# --- names of rows


def test_rows_are_named_by_every_setting_in_which_cells_differ(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(RUN.replace('"1/8"', '["1/8", "1/4"]').replace("rounds = 3", "rounds = [3, 4]"))
    assert [cell.label for cell in load_plan(str(path)).runs] == [
        "alpha1_8-K3", "alpha1_8-K4", "alpha1_4-K3", "alpha1_4-K4",
    ]  # fmt: skip
    path.write_text(POINTS.replace('"1/2"', '["1/2", 1]') + 'radius = [1, "1/2"]')
    assert len({cell.label for cell in load_plan(str(path)).points}) == 4
    path.write_text(RUN + "start = [0, 0, 0, 0]\n" + RUN.removeprefix(HEAD) + "start = [0, 0, 0, 1]\n")
    first, second = load_plan(str(path)).runs
    assert first.label != second.label
    path.write_text(RUN.replace('fraction = "1/2"', 'beta = ["1/100", "1/50"]'))
    assert [cell.label for cell in load_plan(str(path)).runs] == ["beta1_100", "beta1_50"]


@pytest.mark.parametrize("name", ["quick", "standard", "witnesses"])
def test_rows_that_had_a_name_of_their_own_keep_it(name: str) -> None:
    assert all("alpha" not in cell.label and "aL" not in cell.label for cell in load_plan(name).cells)


def test_cells_of_different_statements_are_not_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(POINTS.replace('"S4", "S8"', '"S4"') + POINTS.removeprefix(HEAD).replace('"S4", "S8"', '"S8"'))
    assert [cell.label for cell in load_plan(str(path)).points] == ["", ""]
