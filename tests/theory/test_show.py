"""`show`: a statement can be read alone, and whatever a formula names has a page of its own."""

from __future__ import annotations

import itertools
import json

import pytest

import theory
from tests.theory.parameters import ACCEPTANCE
from theory.__main__ import main
from theory.language.options import OPTIONS
from theory.language.records import dependencies
from theory.language.setting import ASSUMPTIONS, GRADIENTS, SETS
from theory.statements.lemmas import LEMMAS
from theory.tables import default_table

PAIRS = [f"{key}={value}" for key, value in ACCEPTANCE.items()]
BALL = [*PAIRS, "drift=ball"]


def shown(capsys: pytest.CaptureFixture[str], name: str) -> str:
    assert main(["show", name]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("bound", theory.bounds(), ids=lambda bound: bound.id)
def test_a_statement_is_read_alone(capsys: pytest.CaptureFixture[str], bound: theory.Bound) -> None:
    text = " ".join(shown(capsys, bound.id).split())
    for name in bound.assumptions:
        assert f"{name}: {' '.join(ASSUMPTIONS[name].split())}" in text
    for mode in bound.modes:
        assert f"{mode}: g_i = {' '.join(GRADIENTS[mode].split())}" in text
    assert "draws a set $A_k$ of $m$ agents uniformly without replacement" in text
    assert "The step factor $q$ bounds" in text
    for lemma in LEMMAS:
        assert (f"{lemma.id} {lemma.title}" in text) == (lemma.id in bound.lemmas)


def test_every_lemma_is_used_and_every_one_that_is_named_is_there() -> None:
    named = {lemma for bound in theory.bounds() for lemma in bound.lemmas}
    assert named == {lemma.id for lemma in LEMMAS}


@pytest.mark.parametrize(
    "name",
    [*ASSUMPTIONS, *SETS, *OPTIONS, *default_table().keys, *default_table().symbols, "T5", "T6", "T7", "setting"],
)
def test_everything_that_is_named_has_a_page(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert shown(capsys, name).startswith((name, f"T1d.{name}", f"C1.{name}", "Problem."))


def test_b_and_variance_stand_with_the_modes_that_use_them(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "T2p")
    assert "b = b_sto_2    (mode stochastic)" in text
    assert "sigma2 = mse_HF_sto    (mode hessian_free_stochastic)" in text
    assert "b and sigma^2 by mode" not in shown(capsys, "S4")


def test_the_list_of_choices_is_printed_as_products(capsys: pytest.CaptureFixture[str]) -> None:
    """Every value of a row beside every value of the others gives the elements back, each once."""
    choices = default_table().formulas["T2p"].choices
    lines = shown(capsys, "T2p").split(f"these {len(choices)} elements that apply, one value a row of\n")[1]
    found: list[str] = []
    for block in lines.split("\nHypotheses")[0].split("\n\n"):
        rows: dict[str, list[str]] = {}
        for line in block.splitlines():
            key = line[2:17].strip() or [*rows][-1]  # a row without a key goes on
            rows.setdefault(key, []).append(line[18:])
        drift, eps = rows["drift"][0].split(" | "), rows["eps"][0].split(" | ")
        zetas, prices = rows.get("zeta", ["none"])[0].split(" | "), rows["c and variance"]
        for one in itertools.product(drift, eps, zetas, prices):
            weight = f"eps {one[1]}" if one[1].startswith("->") else f"eps = {one[1]}"
            zeta = "" if one[2] == "none" else f", zeta = {one[2]}"
            found.append(f"drift = {one[0]}, {weight}{zeta}, {one[3]}")
    assert sorted(found) == sorted(choice.text for choice in choices)


def test_symbols_carry_their_points() -> None:
    points = {"S3": r"\|\nabla f_i(w)\|", "S4": r"\|\nabla f_i(u)\|", "S10": r"\|\nabla f_i(w^{\nu-1})\|"}
    for id, point in points.items():
        assert point in theory.bound(id).latex
        assert r"\|\nabla f_i\|" not in theory.bound(id).latex
    assert r"\frac{2 R_{\mathrm{S1}}}{\|\hat{g}'_i\|}" in theory.bound("S1").latex


def test_sequences_of_the_proof_are_displayed() -> None:
    latex = theory.bound("S5p").latex
    assert r"E_l &= \frac{\alpha^{2} \sigma_G^{2} S_{l}(q^{2})}{D}" in latex
    assert r"m_l &= \frac{1}{2} \alpha \rho \sum_{j=1}^{l - 1}" in latex


@pytest.mark.parametrize(
    ("id", "within"), [("T1a", "T1d"), ("T1b", "T1d"), ("T1c", "T1d"), ("T2", "T2p"), ("T3", "T3p")]
)
def test_what_is_contained_says_so_and_why(capsys: pytest.CaptureFixture[str], id: str, within: str) -> None:
    bound = theory.bound(id)
    assert bound.within == within
    assert "Contained in T1d:" in bound.proof
    assert main(["list"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.split()[:1] == [id]]
    assert rows[-1].endswith(f"contained in {within}")  # the last is the statement, others the quantity of that name


def test_what_no_input_decides_is_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "T2p", *BALL, "mode=stochastic", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    checks = {item["name"]: item["holds"] for item in found["hypotheses"]}
    assert checks["W0+"] == checks["W0n"] == "assumed"
    assert found["choice"].startswith("drift = ball")
    assert main(["eval", "T2p", *PAIRS, "mode=stochastic", "--json"]) == 0
    assert "W0+" not in {item["name"] for item in json.loads(capsys.readouterr().out)["hypotheses"]}


@pytest.mark.parametrize(
    ("change", "name", "holds"),
    [
        ({"rho": 0}, "W0+", True),
        ({}, "W0n", True),
        ({"tau": 1}, "W0+", True),
        ({"mode": "first_order"}, "W0n", "assumed"),
    ],
)
def test_what_settles_an_assumption(change: dict[str, object], name: str, holds: object) -> None:
    inputs = {**ACCEPTANCE, "drift": "ball", "eps": "1/2", "zeta": 1, **change}
    checks = {item.name: item.holds for item in theory.quantity("T2p").evaluate(**inputs).hypotheses}
    assert checks.get(name, True) == holds


def test_shared_probes_are_assumed() -> None:
    checks = theory.quantity("T2").evaluate(**ACCEPTANCE, mode="hessian_free_stochastic").hypotheses
    assert [(item.name, item.holds) for item in checks if item.name == "shared probes"] == [
        ("shared probes", "assumed")
    ]


@pytest.mark.parametrize(
    ("name", "inputs", "failed"),
    [
        ("T4_gap", {"mu_F": 50, "beta": "1/10"}, "2 A beta tau mu_F <= 1"),
        ("T3", {"mu_F": 50, "beta": "1/10"}, "2 A beta tau mu_F <= 1"),
        ("T3p", {"mu_F": 50, "beta": "1/10"}, "lam_K <= 1"),
        ("S10", {"nu": 0, "grad_norm_i": 1}, "nu >= 1"),
        ("T4p", {}, "m = n"),
        ("T4c_gap", {"m": 10}, "mu_c >= 0"),
        ("C1", {"m": 10}, "tau = 1"),
        ("C2", {"beta": 1}, "beta L_F <= 1"),
        ("C2", {"beta_s": 2}, "beta_s = 1"),
        ("T2p", {"beta": 5}, "h <= tau"),
        ("T2p", {"eps": 1, "c": "1/100"}, "c >= c_eps"),
        ("C2", {"sampling": "replacement"}, "drawn as without replacement"),
        ("C2", {"sampling": "full", "m": 10, "p_max": "1/5"}, "sampling of m agents"),
        ("C4", {"sampling": "full", "p_max": 1}, "sampling of m agents"),
        ("T1a.N", {"sampling": "full", "p_max": 1}, "sampling of m agents"),
    ],
)
def test_a_failed_hypothesis_gives_no_value(name: str, inputs: dict[str, object], failed: str) -> None:
    found = theory.quantity(name).evaluate(**{**ACCEPTANCE, **inputs})
    assert found.value is None
    assert failed in {item.name for item in found.hypotheses if not item.holds}


def test_m_is_n_where_it_is_absent() -> None:
    inputs = {key: value for key, value in ACCEPTANCE.items() if key not in ("m", "n")}
    assert theory.quantity("T4p").value(**inputs) == theory.quantity("T4p").value(**inputs, n=10, m=10)


def test_free_numbers_are_asked_for() -> None:
    with pytest.raises(theory.InputError, match="missing eps"):
        theory.quantity("T1d.A").value(**ACCEPTANCE)
    with pytest.raises(theory.InputError, match="missing zeta"):
        theory.quantity("T1d.N").value(**ACCEPTANCE, eps=1, mode="stochastic")
    with pytest.raises(theory.InputError, match="drift = round: expected one of plain, ball"):
        theory.quantity("T2p").value(**ACCEPTANCE, drift="round")


@pytest.mark.parametrize("name", ["S5s", "T2p", "T4c", "C1"])
def test_every_symbol_of_a_statement_is_explained_on_its_page(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Each symbol that some expression on the page uses has a line with its meaning, and an expression unless given."""
    text = shown(capsys, name).split("\nSymbols\n")[1].split("\nSetting\n")[0]
    table = default_table()
    explained = {line.split("  ")[1]: line for line in text.splitlines() if not line.startswith("    ")}
    for quantity in theory.bound(name).quantities:
        for used in dependencies(table.formulas, quantity):
            assert used in explained
            if used in table.formulas and used not in theory.bound(name).quantities:
                assert f"    {used} = " in text


def test_an_assumption_says_who_asks_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(shown(capsys, "A3").split())
    assert "Given as rho" in text
    asked = text.split("Asked by ")[1].replace(",", "").split()
    assert asked == [bound.id for bound in theory.bounds() if "A3" in bound.assumptions]
    assert shown(capsys, "W0n").split("Asked by ")[1].split(", ")[0] == "T1d"
