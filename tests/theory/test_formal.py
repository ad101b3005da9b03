"""The proofs in Coq and the records say the same, and the files are those that were last checked; without Coq."""

import json
import re
from dataclasses import replace

import pytest

import theory
from theory.__main__ import main
from theory.formal.building import ProofError, build, dependents, requirements
from theory.formal.checking import AXIOMS, admitted, changed_since, last_check, out_of_date
from theory.formal.differences import ATTAINED, DIFFERENCES, NOISY
from theory.formal.listing import machine_checked, sources, theorems
from theory.language.records import DERIVED
from theory.printing.coq import Printer, assumptions, constants

TABLE = theory.default_table()


def test_the_printed_files_are_what_the_records_print():
    assert out_of_date() == [], "a record has changed: run `python -m theory formal --write`, then `--check --write`"


def test_the_files_are_those_that_were_checked():
    assert changed_since(last_check()) == [], "not checked since: run `python -m theory formal --check --write`"


@pytest.mark.parametrize("name", ["OneRound.v", "Constants.v"])
def test_one_changed_byte_is_seen(name):
    assert changed_since(last_check(), {**sources(), name: sources()[name] + " "}) == [name]


def test_a_coefficient_and_a_lost_assumption_are_seen():
    formula = TABLE.formulas["T1c.N"]
    doubled = replace(formula, cases=(replace(formula.cases[0], expression=2 * formula.cases[0].expression),))
    assert constants(TABLE.altered(doubled)) != sources()["Constants.v"]
    lost = replace(TABLE.statements["S4"], assumptions=("A2", "A6"))
    assert assumptions(replace(TABLE, statements={**TABLE.statements, "S4": lost})) != sources()["Assumed.v"]


def test_the_last_check_was_complete():
    check = last_check()
    assert check.coqchk
    assert check.admitted == admitted(sources()) == 0
    assert sorted(check.axioms) == sorted(AXIOMS)
    assert [name.partition(".")[2] for name in check.theorems] == [item.theorem for item in theorems()]


def test_every_derived_statement_has_a_theorem():
    proved = {item.id for item in theorems()}
    assert proved == {item.id for item in TABLE.statements.values() if item.provenance == DERIVED}
    assert DIFFERENCES.keys() | ATTAINED.keys() | NOISY <= proved


def test_theorems_speak_of_their_right_sides_side_conditions_and_assumptions():
    for item in theorems():
        statement = TABLE.statements[item.id]
        assert f"assumes_{item.theorem} s" in item.text
        for line in statement.lines:
            if line.quantity is not None:
                name = line.quantity.name.replace(".", "_")
                assert re.search(rf"\b{name} s\b", item.text), (item.id, name)
        noisy = any(mode.draws for mode in statement.modes) or "A4" in statement.assumptions
        assert item.id not in NOISY or noisy, item.id
        assert not any(mode.draws for mode in statement.modes) or item.id in NOISY, item.id


def test_the_theorems_that_differences_and_attained_name_exist():
    named = [line for lines in (*DIFFERENCES.values(), *ATTAINED.values()) for line in lines]
    found = [pair for line in named for pair in re.findall(r"\b([A-Z]\w+)\.(\w+)", line)]
    assert len(found) > 20
    for file, theorem in found:
        if f"{file}.v" in sources():
            claim = rf"^(Theorem|Corollary|Example) {theorem}\b"
            assert re.search(claim, sources()[f"{file}.v"], re.MULTILINE), (file, theorem)
    for name in re.findall(r"\b(C6_\w+)", " ".join(DIFFERENCES["C6"])):
        assert any(re.search(rf"^Theorem {name}\b", text, re.MULTILINE) for text in sources().values()), name


def test_every_proof_says_what_it_uses():
    """Otherwise a hypothesis of a Section could become a premise of a theorem unnoticed."""
    for file, text in sources().items():
        assert not re.findall(r"\bProof\.", text), file


def test_natural_subtraction_stops_where_the_record_has_no_term():
    printer = Printer(TABLE.formulas)
    assert "((q c) ^ ((nu c) - 1))" in printer.formula(TABLE.formulas["L_F"])
    assert "(seq 1 ((nu c) - 1))" in printer.formula(TABLE.formulas["b_sto"])


def test_requirements_name_no_unknown_file_and_no_circle():
    needs = requirements(sources())
    done: set[str] = set()
    while ready := {name for name, used in needs.items() if name not in done and used <= done}:
        done |= ready
    assert done == set(sources())
    assert "RoundStatements.v" in dependents(sources(), "Constants.v")


def test_a_circle_is_refused(tmp_path):
    with pytest.raises(ProofError, match="requires itself"):
        build(tmp_path, {"A.v": "Require B.", "B.v": "Require A."}, frozenset({"A.v", "B.v"}))


def test_show_names_the_theorem_or_says_that_there_is_none(capsys):
    assert main(["show", "T3"]) == 0
    assert "machine-checked (noise of finite support): T3, RoundStatements.v" in capsys.readouterr().out
    assert main(["show", "per_fedavg.L_F"]) == 0
    assert "not machine-checked" in capsys.readouterr().out
    found = machine_checked("S4")
    assert found is not None
    assert found.text.startswith("Theorem S4 : assumes_S4 s ->")


def test_the_list_is_json_and_says_what_was_checked(capsys):
    assert main(["formal", "--json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert listing["checked"]["admitted"] == 0
    assert listing["checked"]["changed_since"] == []
    s2 = next(row for row in listing["statements"] if row["id"] == "S2")
    assert s2 == {
        "id": "S2",
        "theorem": "S2",
        "file": "FineTuningStatements.v",
        "differs": [],
        "attained": ["Parabola.S2_attained"],
    }


def test_without_coq_the_check_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert main(["formal", "--check"]) == 2
    assert "apt-get install --no-install-recommends coq" in capsys.readouterr().err
