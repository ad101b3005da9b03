"""Exit status 2 before any work, 3 for a failure inside, each in one line; 1 means violated and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reports.build import app as build
from reports.figures.__main__ import app as redraw
from reports.judging.verdicts import judge
from reports.plans.plan import load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells
from reports.refusal import RefusedError, failures, refusals
from reports.request import Words, checked


def words(out: Path, task: str | None = None) -> Words:
    return Words("quick", None, "cpu", out, [], 0, 1, 1, [], task)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for out, why in (
        (tmp_path / "file", "not a folder"), (tmp_path / "file" / "in", "is not a folder"),
        (tmp_path / "link", "which is not there"), (tmp_path / ("x" * 300), "too long|more than"),
    ):  # fmt: skip
        with pytest.raises(RefusedError, match=why):
            checked(words(out))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


WAVE = """from empirics import CosineTask
class f(CosineTask):
    def __init__(self): super().__init__([[1.0]], [[1.0]], [[0.0]])
"""


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("import nosuchthing", "f", "ModuleNotFoundError"),
        ("def f(:", "f", "SyntaxError"),
        ("def f(): return 3", "f", "expected an empirics.Task"),
        ("class f:\n    def __init__(self, x): pass", "f", "TypeError when made without arguments"),
        ("def f(): raise RuntimeError('two\\nlines')", "f", "RuntimeError"),
        ("def f(): raise SystemExit(5)", "f", "ends the program"),
        ("def f(): raise GeneratorExit('ends here')", "f", "GeneratorExit: ends here"),
        (
            "class E(Exception):\n    def __str__(self): raise RuntimeError\ndef f(): raise E",
            "f",
            "E when made without arguments: its text cannot be made",
        ),
        (WAVE + "    def own_constants(self): raise KeyError('L')", "f", "KeyError: 'L'"),
        (WAVE + "    def raw_loss(self, w): return super().raw_loss(w) * float('nan')", "f", "loss: not finite"),
        ("x = 1", "g", "has no g"),
    ],
)
def test_a_task_that_cannot_be_used_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str, why: str
) -> None:
    module = f"odd_{abs(hash(text))}"
    (tmp_path / f"{module}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RefusedError, match=why):
        checked(words(tmp_path / "out", f"{module}:{name}"))
    assert not (tmp_path / "out").exists()


def test_an_exception_without_a_text_is_a_failure_inside(capsys: pytest.CaptureFixture[str]) -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(typer.Exit) as ended, failures("reports.build"):
        raise MuteError
    assert ended.value.exit_code == 3
    assert "MuteError: its text cannot be made" in capsys.readouterr().err


def test_a_refusal_shows_control_characters_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), refusals("reports.build"):
        raise RefusedError("a\x1b[31mb\nc")
    assert capsys.readouterr().err == "reports.build: a\\x1b[31mb c\n"


def test_a_failure_inside_is_three_also_where_nothing_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for out in (None, tmp_path / "out", tmp_path / "file"):
        with pytest.raises(typer.Exit) as ended, failures("reports.build", out):
            raise OSError(28, "No space left on device")
        assert ended.value.exit_code == 3
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert (tmp_path / "out" / "failure.txt").is_file()


@pytest.mark.parametrize(
    ("factory", "alpha", "beta"),
    [('"cosine"', "1/100", "1e200"), ('"quadratic", arguments = { L = 1e200 }', "1/8", "1/8")],
)
def test_numbers_beyond_float64_are_rows_that_say_so(tmp_path: Path, factory: str, alpha: str, beta: str) -> None:
    (tmp_path / "plan.toml").write_text(f"""title = "x"
tasks = [{{ name = "a", factory = {factory} }}]
[[points]]
task = "a"
alpha = "{alpha}"
nu = 1
statements = ["S4"]
[[runs]]
task = "a"
alpha = "{alpha}"
nu = 1
mode = ["exact", "first_order", "hessian_free"]
delta = "1/64"
tau = 2
rounds = 30
beta = "{beta}"
statements = ["T2"]
""")
    work = seeded_cells(load_plan(str(tmp_path / "plan.toml")), seed=0, seeds=1, device="cpu")
    found = [one for seeded in work for one in execute(seeded, tmp_path / "records").measurements]
    rows = judge(found)
    assert len(rows) >= 4
    runs = [row for row in rows if row.bound == "T2"]
    assert {str(row.verdict) for row in runs} <= {"INCONCLUSIVE", "NOT_APPLICABLE"}
    assert all(row.reason for row in runs)


@pytest.mark.parametrize(
    ("app", "arguments", "said"),
    [
        (build, ["--profil", "quick"], "No such option: --profil"),
        (build, ["--seeds", "x"], "Invalid value for '--seeds'"),
        (redraw, ["--out"], "Option '--out' requires an argument"),
    ],
)
def test_an_option_that_cannot_be_read_is_one_line(app: typer.Typer, arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert said in line
