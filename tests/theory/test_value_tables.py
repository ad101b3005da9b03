"""A quantity over a grid: the same values as one by one, in every format, and what has no value says why."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import theory
from theory.__main__ import main

L_F = ["L_F", "alpha=1", "L=1", "rho=1/2", "B=3"]
# with q = 2: q^(2 nu) L + alpha rho B q^(nu-1) (q^nu - 1), by hand
BY_HAND = [1.0, 4 + 1.5, 16 + 1.5 * 2 * 3, 64 + 1.5 * 4 * 7]
RATE = "alpha=1/10 L=1 rho=1/2 B=3 nu=2 tau=5 n=10 m=5 K=100 F0_gap=2 gamma_G=1/2 gamma_H=1/4"
T2 = ["T2", *RATE.split()]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["table", *arguments])
    found = capsys.readouterr()
    return status, found.out, found.err


def test_arrays_broadcast_as_numpys_do() -> None:
    quantity = theory.quantity("L_F")
    known = {"alpha": 1, "rho": "1/2", "B": 3}
    assert [row["L_F"] for row in quantity.table(nu=range(4), L=1, **known)] == BY_HAND
    together = quantity.table(nu=np.arange(2), L=np.array([1.0, 2.0]), **known)
    assert [(row["nu"], row["L"]) for row in together] == [(0, 1.0), (1, 2.0)]
    crossed = quantity.table(nu=np.arange(2)[:, None], L=np.array([1.0, 2.0]), **known)
    assert [(row["nu"], row["L"]) for row in crossed] == [(0, 1.0), (0, 2.0), (1, 1.0), (1, 2.0)]
    with pytest.raises(theory.InputError, match=r"nu of \(2,\), L of \(3,\)"):
        quantity.table(nu=range(2), L=[1, 2, 3], **known)


def test_a_grid_of_words_is_the_product_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "q", "alpha=1/2,1", "L=1,3")
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["alpha", "L", "q"], ["1/2", "1", "1.5"], ["1/2", "3", "2.5"], ["1", "1", "2"], ["1", "3", "4"],
    ]  # fmt: skip


def test_every_format_has_the_same_values(capsys: pytest.CaptureFixture[str]) -> None:
    words = [*L_F, "nu=0..3"]
    lines = [line.split() for line in run(capsys, *words)[1].splitlines()]
    assert [float(line[1]) for line in lines[1:]] == BY_HAND
    assert [float(row["L_F"]) for row in csv.DictReader(io.StringIO(run(capsys, *words, "--csv")[1]))] == BY_HAND
    found = json.loads(run(capsys, *words, "--json")[1])
    assert [(row["inputs"]["nu"], float(row["value"]), row["exact"]) for row in found[:2]] == [
        ("0", 1.0, "1"), ("1", 5.5, "11/2"),
    ]  # fmt: skip
    assert run(capsys, *words, "--markdown")[1].splitlines()[3] == "| 1 | 5.5 |"
    latex = run(capsys, *words, "--latex")[1]
    assert r"$\nu$ & $L_F$ \\" in latex
    assert r"1 & $5.5$ \\" in latex


def test_what_has_no_value_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, *T2, "beta=1/100,10")
    assert status == 0
    assert "none: h <= 1 fails, h = " in out.splitlines()[2]
    status, out, _ = run(capsys, *T2, "beta=10", "--json")
    assert status == 1
    assert json.loads(out)[0]["value"] is None
    rows = theory.quantity("q").table(alpha=1, L=1, mu=[0, 2])
    assert rows[0]["q"] == 1.0
    assert rows[1]["q"] is None
    assert "mu <= L" in str(rows[1]["reason"])


def test_a_plot(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "values.svg"
    assert run(capsys, "q", "alpha=1/2,1", "L=0..4", "--plot", str(file))[0] == 0
    assert b"<svg" in file.read_bytes()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["S4", "alpha=1"], "S4 is a statement; its quantities are L_F, L_F_pointwise"),
        ([*L_F, "nu=3..1"], "expected a range that rises"),
        ([*L_F, "nu=0..1000000"], "a table has at most 100000"),
        ([*L_F, "nu=1,,2"], "nu: expected values"),
        ([*L_F, "nuu=1"], "nuu"),
        ([*L_F[:-1], "nu=1"], "missing B"),
        ([*L_F, "nu=1", "--csv", "--json"], "--csv --json: expected one of them"),
        ([*L_F, "nu=1", "--csv", "t.csv"], "--csv prints to standard output: --csv > t.csv"),
        ([*L_F, "nu=1", "--plot", "x.svg"], "nothing to plot"),
        ([*L_F, "nu=1,2", "--plot", "x.bmp"], "expected a name that ends in"),
    ],
)
def test_bad_words_are_one_line(capsys: pytest.CaptureFixture[str], words: list[str], why: str) -> None:
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert why in err
    assert len(err.splitlines()) == 1


def test_a_claim_is_tabulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[claim]]\nid = "rho-free"\nmeasures = "L_F"\nrhs = "(1 + alpha*L)**(2*nu)*L"\n')
    status, out, _ = run(capsys, "rho-free", "alpha=1", "L=1", "nu=0..2", "--csv", "--claims", str(file))
    assert status == 0
    assert [float(row["rho-free"]) for row in csv.DictReader(io.StringIO(out))] == [1, 4, 16]
    status, _, err = run(capsys, "rho-fre", "alpha=1", "--claims", str(file))
    assert status == 2
    assert "did you mean rho-free?" in err


def test_a_claim_is_shown_like_a_statement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[[claim]]\nid = "rho-free"\nmeasures = "L_F"\nrhs = "(1 + alpha*L)**(2*nu)*L"\n')
    assert main(["show", "rho-free", "--claims", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "rho-free = L*(L*alpha + 1)**(2*nu)" in shown
    assert "nothing here proves it" in shown
    assert main(["show", "rho-free"]) == 2


def test_a_statement_is_told_from_a_quantity() -> None:
    with pytest.raises(theory.InputError, match=r"^S7 is a statement; its quantities are gamma_F"):
        theory.quantity("S7")
    assert theory.quantity("T2").name == "T2"


def test_a_notebook_shows_the_formula() -> None:
    for view in (theory.quantity("q"), theory.bound("S4")):
        assert view._repr_latex_() == f"$\\displaystyle {view.latex}$"
