"""The claims files of examples/ through the command that the README documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports.build import app
from reports.refute import app as refute
from theory.claims.reading import read_claims

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
WRONG = {"claims.toml": {"wrong-lemma", "wrong-error"}, "arxiv_2504_21327.toml": set()}


def test_every_example_is_here() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == set(WRONG)


@pytest.mark.parametrize("name", sorted(WRONG))
def test_an_example_is_taken(name: str) -> None:
    done = CliRunner().invoke(app, ["--profile", "quick", "--claims", str(EXAMPLES / name), "--dry-run"])
    assert done.exit_code == 0, done.output


@pytest.mark.slow  # the whole quick profile
@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_report_finds_out_the_wrong_claims_and_no_others(name: str, tmp_path: Path) -> None:
    options = ["--profile", "quick", "--claims", str(EXAMPLES / name), "--out", str(tmp_path), "--jobs", "1"]
    done = CliRunner().invoke(app, options)
    assert done.exit_code == int(bool(WRONG[name])), done.output
    assert all(claim.id in done.output for claim in read_claims([str(EXAMPLES / name)]))
    rows = json.loads((tmp_path / "verdicts.json").read_bytes())["rows"]
    assert {row["bound"] for row in rows if row["verdict"] == "VIOLATED"} == WRONG[name]


def test_the_wrong_lemma_is_refuted() -> None:
    done = CliRunner().invoke(refute, ["wrong-lemma", "--claims", str(EXAMPLES / "claims.toml"), "--budget", "20"])
    assert "wrong-lemma" in done.output
    assert done.exit_code == 1, done.output
