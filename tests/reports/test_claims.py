"""Claims in a report: judged on the evidence of the built-in rows, and able to be wrong."""

from __future__ import annotations

import dataclasses
import json
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import theory
from reports import recheck
from reports.analyses.claims import (
    claim_measurements,
    describe,
    measured_statements,
    restored,
    stored,
    with_claim_measurements,
)
from reports.build import app
from reports.judging.measurement import Enclosed, Measurement, Sampled, Withheld
from reports.judging.rows import Verdict, VerdictFile
from reports.judging.verdicts import judge
from reports.plans.plan import load_plan
from reports.records.execution import execute
from reports.records.seeded_cell import seeded_cells
from tests.reports.remembering import Remembering
from theory.claims.reading import Claim, parse_claims, read_claims, with_claims
from theory.tables import default_table

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "claims.toml"
RIGHT = ("per-fedavg-smoothness", "per-fedavg-bias", "per-fedavg-error", "per-fedavg-spread", "maml-smoothness")
WRONG = ("wrong-lemma", "wrong-error")


def command(*arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["reports.build", *arguments])  # a report says by which words it was made
        return CliRunner().invoke(app, arguments)


def one(measures: str, rhs: str, **more: str) -> Claim:
    text = f'[[claim]]\nid = "mine"\nmeasures = "{measures}"\nrhs = "{rhs}"\n'
    (claim,) = parse_claims(text + "".join(f"{key} = {value}\n" for key, value in more.items()), "a.toml")
    return claim


@pytest.fixture(scope="module")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> list[Measurement]:
    folder = tmp_path_factory.mktemp("records")
    plan = load_plan("quick").only({"S4", "S5", "S6", "S7", "S8", "S9", "S8s", "S9s", "T1", "T2", "T4"})
    kept = [
        seeded for seeded in seeded_cells(plan, seed=0, seeds=1, device="cpu") if seeded.task.name.startswith("witness")
    ]
    return [measurement for seeded in kept for measurement in execute(seeded, folder).measurements]


# --- the acceptance commands


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("claims") / "out"
    ids = ",".join((*RIGHT, *WRONG))
    done = command("--profile", "quick", "--only", ids, "--claims", str(EXAMPLES), "--out", str(out), "--jobs", "1")
    return done, out


def test_right_claims_hold_and_wrong_ones_are_violated_with_their_witness(report) -> None:
    done, out = report
    assert done.exit_code == 1, done.stderr
    rows = VerdictFile.model_validate_json((out / "verdicts.json").read_text()).rows
    for id in RIGHT:
        verdicts = {row.verdict for row in rows if row.bound == id}
        assert Verdict.HOLDS in verdicts, id
        assert not verdicts & {Verdict.VIOLATED, Verdict.INCONCLUSIVE}, id
    for id in WRONG:
        violated = [row for row in rows if row.bound == id and row.verdict is Verdict.VIOLATED]
        assert violated, id
        assert all(row.witness and row.lower > row.predicted and row.provenance == "claim" for row in violated)
    assert {row.bound for row in rows if row.verdict is Verdict.VIOLATED} == set(WRONG)


def test_the_stored_report_is_judged_again_with_its_claims(report) -> None:
    _, out = report
    workers = Remembering()
    assert recheck.check(out, workers=workers).differences == []
    verdicts = json.loads((out / "verdicts.json").read_text())
    row = next(row for row in verdicts["rows"] if row["bound"] == "wrong-lemma" and row["verdict"] == "VIOLATED")
    assert recheck.reproduce(out, row["row_id"])[1] == []
    row["verdict"] = "HOLDS"
    (out / "verdicts.json").write_text(json.dumps(verdicts))
    found = recheck.check(out, workers=workers).differences
    assert any("verdict was 'HOLDS' and is 'VIOLATED'" in line for line in found)


def test_the_page_shows_every_claim_with_its_formula_and_predicted_value(report) -> None:
    done, out = report
    page = (out / "index.html").read_text()
    for id in (*RIGHT, *WRONG):
        assert f'id="{id}"' in page
        assert f"claim {id}: " in done.stdout
    assert f"--claims {EXAMPLES}" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[claim]]\nid = "a"\nmeasures = "L_F"\nrhs = "__import__(\'os\').mkdir(\'made\')"', "grammar"),
        ('[[claim]]\nid = "a"\nmeasures = "L_F"\nrhs = "' + "(" * 10**6 + '"', "characters"),
        ('[[claim]]\nid = "a"\nmeasures = "L_F"\nrhs = "Lambda"', "unknown name"),
        ('[[claim]]\nid = "a"\nmeasures = "L_F"\nrhs = "L**99999999"', "exponent"),
    ],
)
def test_a_bad_file_is_one_line_exit_two_and_nothing_written(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    out = tmp_path / "out"
    done = command("--profile", "quick", "--claims", str(tmp_path / "bad.toml"), "--out", str(out))
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml"]
    assert not (ROOT / "made").exists()


# --- how evidence is shared


def test_the_built_in_right_side_as_a_claim_gets_the_built_in_verdicts(built_in) -> None:
    for measures, ours, bound, more in (
        ("L_F", "L_F", "S4", {"assumes": '["A6"]'}),
        ("meta_gradient_bias", "b_sto", "S5", {"modes": '["stochastic"]', "assumes": '["A6"]'}),
        ("meta_gradient_mean_squared_error", "sigma_F2", "S6", {"modes": '["stochastic"]', "assumes": '["A6"]'}),
        ("first_order_error", "b_FO", "S8", {"assumes": '["A6"]'}),
        ("hessian_free_error", "b_HF", "S9", {}),  # its only task certifies no mu
    ):
        claim = one(measures, ours, **more)
        table = with_claims(default_table(), [claim])
        rows = judge([*built_in, *claim_measurements([claim], built_in, table)], table=table)
        mine = [row for row in rows if row.bound == "mine" and row.measured is not None]
        theirs = {(row.task, row.nu): row for row in rows if row.bound == bound and row.quantity == ours}
        assert mine, measures
        for row in mine:
            same = theirs[row.task, row.nu]
            assert (row.measured, row.predicted, row.verdict) == (same.measured, same.predicted, same.verdict)


def test_the_least_squared_meta_gradient_is_below_their_mean(built_in) -> None:
    """Rows of T2 carry it; of sampled means it decides nothing."""
    claim = one("min_squared_meta_gradient", "T2", modes='["exact", "stochastic"]')
    mine = claim_measurements([claim], built_in, with_claims(default_table(), [claim]))
    theirs = {(f.setting, f.label): f for f in built_in if f.bound == "T2"}
    assert mine
    for measurement in mine:
        mean, least = theirs[measurement.setting, measurement.label].evidence, measurement.evidence
        if isinstance(mean, Enclosed) and isinstance(least, Enclosed):
            assert least.lower <= mean.upper
            assert measurement.setting.K != 1 or least == mean
        assert not isinstance(least, Sampled)
    assert any(isinstance(measurement.evidence, Enclosed) for measurement in mine)


def test_a_squared_spread_is_judged_on_the_square_of_the_measured_spread(built_in) -> None:
    claim = one("meta_gradient_squared_spread", "gamma_F2", assumes='["A6"]')
    table = with_claims(default_table(), [claim])
    rows = judge([*built_in, *claim_measurements([claim], built_in, table)], table=table)
    norms = {(row.task, row.nu): row for row in rows if row.bound == "S7"}
    squares = [row for row in rows if row.bound == "mine" and row.measured is not None]
    assert squares
    for row in squares:
        # the square of a float64 midpoint, two roundings away from the midpoint of squared ends
        assert row.measured == pytest.approx(norms[row.task, row.nu].measured ** 2, rel=1e-14)
        assert row.verdict is norms[row.task, row.nu].verdict


def test_without_a6_a_claim_is_judged_with_the_general_step_factor(built_in) -> None:
    claim = one("L_F", "q**(2*nu)*L + alpha*rho*B*q**(nu-1)*S(nu, q)")
    table = with_claims(default_table(), [claim])
    for measurement in claim_measurements([claim], built_in, table):
        assert "mu" not in measurement.inputs
        q = theory.quantity("q").evaluate(**measurement.inputs).exact
        assert q == 1 + Fraction(measurement.inputs["alpha"]) * Fraction(measurement.inputs["L"])


def test_an_assumption_that_a_task_does_not_certify_makes_a_claim_not_applicable(built_in) -> None:
    claim = one("L_F", "L_F + mu_F", assumes='["A7"]')
    table = with_claims(default_table(), [claim])
    found = claim_measurements([claim], built_in, table)
    assert found
    assert all(isinstance(one.evidence, Withheld) and "A7" in one.evidence.reason for one in found)
    assert {row.verdict for row in judge(found, table=table)} == {Verdict.NOT_APPLICABLE}


def test_a_right_side_without_a_value_is_not_applicable_and_says_why(built_in) -> None:
    claim = one("L_F", "L/rho")  # rho = 0 on quadratics
    table = with_claims(default_table(), [claim])
    rows = judge(claim_measurements([claim], built_in, table), table=table)
    flat = [row for row in rows if row.task == "witness-concave"]
    assert flat
    assert all(row.verdict is Verdict.NOT_APPLICABLE and "division by zero" in row.reason for row in flat)


def test_modes_narrow_a_claim_and_rows_are_not_doubled(built_in) -> None:
    wide, narrow = one("meta_gradient_bias", "b"), one("meta_gradient_bias", "b", modes='["first_order"]')
    assert measured_statements(wide) == {"S5", "S5p", "S8s", "S9s"}
    assert measured_statements(narrow) == {"S5", "S5p", "S8s", "S9s", "S8"}
    cells = with_claim_measurements([narrow], [built_in, built_in])
    added = [measurement for cell in cells for measurement in cell if measurement.bound == "mine"]
    assert {measurement.setting.mode for measurement in added} == {"first_order"}
    assert len({measurement.row_id for measurement in added}) == len(added)


def test_sampled_evidence_on_the_square_serves_the_root(built_in) -> None:
    import numpy as np

    sample = Sampled(np.full(10, 0.25), 0.0, 1.0, 0.0, "by hand", power=2)
    measurement = dataclasses.replace(next(f for f in built_in if f.quantity == "gamma_F"), evidence=sample)
    claim = one("meta_gradient_squared_spread", "gamma_F2")
    table = with_claims(default_table(), [claim])
    (found,) = claim_measurements([claim], [measurement], table)
    assert isinstance(found.evidence, Sampled)
    assert found.evidence.power == 1


def test_claims_survive_the_manifest() -> None:
    claims = read_claims([EXAMPLES])
    again = restored(json.loads(json.dumps(stored(claims))))
    assert [claim.expression for claim in again] == [claim.expression for claim in claims]


def test_what_is_not_judged_is_said() -> None:
    claims = [one("L_F", ""), one("L_F", "c*L", constants='{ c = "free" }'), one("hessian_free_error", "b_HF")]
    lines = describe(claims, [])
    assert "not filled in" in lines[0]
    assert "free constant c" in lines[1]
    assert "measures nothing" in lines[2]


def test_an_enclosure_is_squared_outwards() -> None:
    from reports.analyses.claims import _squared

    assert _squared(Enclosed(Fraction(-1), Fraction(2), "x")) == Enclosed(Fraction(0), Fraction(4), "x")
