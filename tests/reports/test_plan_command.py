"""The format of plans explains itself: every key has words and an example that is read; help imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typer.testing import CliRunner

from reports.plan import app
from reports.plans.explained import TABLES, Key, keys
from reports.plans.plan import load_plan

STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def read(table: str, name: str, value: Any) -> Any:
    field = TABLES[table].model_fields[name]
    return TypeAdapter(Annotated[(field.annotation, None, *field.metadata)], config=STRICT).validate_python(value)


@pytest.mark.parametrize("key", keys(), ids=lambda key: f"{key.table} {key.name}")
def test_a_key_has_a_meaning_and_an_example_that_is_read(key: Key) -> None:
    assert key.meaning
    read(key.table, key.name, tomllib.loads(f"{key.name} = {key.example}")[key.name])


def test_a_wrong_example_would_be_seen() -> None:
    with pytest.raises(ValidationError):
        read("[[runs]]", "tau", 0)
    with pytest.raises(ValidationError):
        read("[[runs]]", "mode", "exakt")


def test_every_key_is_printed_with_its_default_and_unit() -> None:
    status, text = said("keys")
    assert status == 0
    assert "  tau           required; such as tau = 5" in text
    assert '  sampling      default "subset"; such as sampling = "replacement"' in text
    assert "  beta          optional, unit W^2/F; such as beta" in text
    assert all(f"  {key.name} " in text for key in keys())


def test_tasks_and_factories_are_listed() -> None:
    status, text = said("tasks")
    assert status == 0
    assert "  quadratic-mild          quadratic { n = 4, mu = 0.5," in text
    assert "  teacher-student\n" in text


PLAN = """title = "one row"
[[tasks]]
name = "mine"
factory = "quadratic"
[[points]]
task = "mine"
alpha_L = "1/4"
nu = [1, 2]
statements = ["S4"]
"""


def test_a_plan_is_checked_and_nothing_is_run(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN)
    assert said("check", str(file)) == (0, f"{file}: 2 cells on 1 tasks, 0 studies\n")
    file.write_text(PLAN.replace("alpha_L", "alpha_l"))
    status, text = said("check", str(file))
    assert status == 2
    assert "did you mean alpha_L?" in text
    assert len(text.splitlines()) == 1
    file.write_text(PLAN.replace('"quadratic"', '"nosuch:task"'))
    assert "nosuch:task: not looked at; --trust nosuch allows it" in said("check", str(file))[1]
    assert said("check", str(file), "--trust", "nosuch")[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["plan.toml"]
    assert len(load_plan("quick").cells) > 1


def test_without_a_verb_it_says_what_it_does() -> None:
    status, text = said()
    assert status == 2
    assert "keys" in text
    assert "tasks" in text


def test_the_format_and_help_wait_for_no_torch() -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from reports.plan import app as plan\n"
        "from reports.check import app as check\n"
        "assert CliRunner().invoke(plan, ['keys']).exit_code == 0\n"
        "assert CliRunner().invoke(check, ['--help']).exit_code == 0\n"
        "print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
