"""A bound from a file outside the package: it is shown, printed and evaluated like a built-in one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import sympy

import theory
from theory.__main__ import main
from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, Line, Statement, formula
from theory.language.symbols import L, alpha, introduce
from theory.language.units import CURVATURE, NUMBER
from theory.statements import pages
from theory.statements.s04 import L_F

FILE = r'''
"""A coarse bound of the smoothness, stated in a file of its own."""

from theory.language.modes import EXACT
from theory.language.records import DETERMINISTIC, Hypothesis, Line, Statement, formula
from theory.language.symbols import L, alpha, introduce
from theory.language.units import CURVATURE
from theory.statements.s04 import DIFFERENCE, L_F

M1 = introduce("M1", r"R_{\mathrm{M1}}", CURVATURE, "twice the smoothness constant")

FORMULAS = (formula(M1, 2 * L_F, "M1", hypotheses=(Hypothesis("alpha L <= 1", alpha * L, "<=", L / L),)),)
STATEMENT = Statement(
    id="M1", title="Coarse smoothness", claim="Every $F_i$ is smooth.", measures="L_F", quantities=(M1,),
    lines=(Line(DIFFERENCE, M1, r"\|w - u\|"),), kind=DETERMINISTIC, assumptions=("A2", "A3"), modes=(EXACT,),
    source="a notebook", proof="Twice what S4 gives.",
)


class Inner:
    """The same under another name, without a statement."""

    FORMULAS = (formula(introduce("M2", "M_2", CURVATURE, "thrice it"), 3 * L_F, "M2"),)
'''


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package outside, on the path, with the file as its module `coarse`."""
    (tmp_path / "mine_outside").mkdir()
    (tmp_path / "mine_outside" / "__init__.py").write_text("")
    (tmp_path / "mine_outside" / "coarse.py").write_text(FILE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "mine_outside"


def statement(**changes: object) -> Statement:
    """A statement about a symbol of its own; changes replace its fields."""
    fields: dict = {
        "id": "own", "title": "t", "claim": "c.", "measures": "L_F", "quantities": (OWN,), "source": "here",
        "lines": (Line("left", OWN),), "kind": DETERMINISTIC, "assumptions": ("A2",), "modes": (EXACT,),
    }  # fmt: skip
    return Statement(**(fields | changes))


OWN = introduce("own", "o", CURVATURE, "a quantity of one's own")
GOOD = SimpleNamespace(FORMULAS=(formula(OWN, 2 * L_F, "own"),), STATEMENT=statement())


def test_show_prints_it_like_a_built_in_one(outside: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", f"{outside}:coarse"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("M1  Coarse smoothness\n")
    for line in (
        "  M1 = 2*L_F",
        "  alpha L <= 1",
        "Modes",
        "Source       a notebook",
        "Provenance   derived",
    ):
        assert f"{line}\n" in shown
    assert r"\|\nabla F_i(w) - \nabla F_i(u)\| &\le 2 L_F \|w - u\|" in shown
    assert main(["show", f"{outside}.coarse:Inner"]) == 0
    assert "M2 = 3*L_F" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere:x", "No module named 'nowhere'"),
        ("math:x", "math:x: cannot be imported"),
        ("math:pi", "expected FORMULAS"),
    ],
)
def test_show_says_what_cannot_be_imported(place: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", place]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_a_table_with_a_record_evaluates_it() -> None:
    table = theory.with_records(theory.default_table(), GOOD)
    inputs = {"alpha": 1, "L": 1, "rho": "1/2", "B": 3, "nu": 1}
    assert table.quantity("own").value(**inputs) == 11.0
    assert table.bound("own").quantity == "own"
    assert [bound.id for bound in table.bounds()] == [*(bound.id for bound in theory.bounds()), "own"]
    assert table.symbols["own"] is OWN
    assert "own" not in theory.default_table().formulas


def test_a_key_of_its_own_may_be_given() -> None:
    keyed = introduce("own", "o", NUMBER, "a quantity that may be given", key=True)
    record = SimpleNamespace(FORMULAS=(formula(keyed, alpha * L, "own"),), STATEMENT=None)
    assert theory.with_records(theory.default_table(), record).quantity("own").value(own=3) == 3


OTHER = introduce("L_F", "L", CURVATURE, "another one of that name")
STRANGER = introduce("stranger", "s", CURVATURE, "not in the table")
WRONG = [
    (SimpleNamespace(FORMULAS=(formula(OTHER, L, "own"),)), "L_F: this name is taken"),
    (SimpleNamespace(FORMULAS=(formula(OWN, L, "own"),) * 2), "own: this name is taken"),
    (SimpleNamespace(FORMULAS=GOOD.FORMULAS, STATEMENT=statement(id="S4")), "S4: this name is taken"),
    (SimpleNamespace(FORMULAS=GOOD.FORMULAS, STATEMENT=statement(id="alpha")), "alpha: this name is taken"),
    (SimpleNamespace(FORMULAS=(formula(OWN, STRANGER, "own"),)), "own: the symbol stranger is not in the table"),
    (SimpleNamespace(FORMULAS=(formula(OWN, OTHER, "own"),)), "own: the symbol L_F is not in the table"),
    (SimpleNamespace(FORMULAS=(formula(OWN, sympy.Symbol("L"), "own"),)), "own: the symbol L is not in the table"),
    (SimpleNamespace(FORMULAS=GOOD.FORMULAS, STATEMENT=statement(quantities=(STRANGER,))), "own: the symbol stranger"),
    (SimpleNamespace(FORMULAS=(formula(OWN, alpha * L, "own"),)), "own: L*alpha has unit 1, declared F/W^2"),
    (SimpleNamespace(FORMULAS=(formula(OWN, OWN + L, "own"),)), "own <- own: defined by itself"),
    (SimpleNamespace(FORMULAS=[1]), "expected FORMULAS, a tuple of Formula"),
    (SimpleNamespace(FORMULAS=GOOD.FORMULAS, STATEMENT="S4"), "STATEMENT, a Statement or None"),
]


@pytest.mark.parametrize(("record", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_does_not_fit_is_named(record: object, message: str) -> None:
    with pytest.raises(theory.RecordError) as caught:
        theory.with_records(theory.default_table(), record)
    assert message in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_the_built_in_bounds_come_in_by_the_same_door() -> None:
    """The default table is the files of the folder, joined to an empty table; a table without S4 knows no L_F."""
    empty = theory.tables.Table({}, {})
    assert theory.with_records(empty, *pages()) == theory.default_table()
    with pytest.raises(theory.RecordError, match="own: the symbol L_F is not in the table"):
        theory.with_records(empty, GOOD)
