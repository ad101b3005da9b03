"""A certificate proves what it says, alone and exactly, and says nothing once anything in it is spoiled."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import theory.sharp.checker
from theory.sharp.certificates import Malformed, Refused
from theory.sharp.checker import check
from theory.sharp.rationals import nonnegative

FOLDER = Path(__file__).parent / "certificates"
STORED = sorted(path.stem for path in FOLDER.glob("*.json"))


def stored(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def leaves(entry: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The places of all numbers of an entry."""
    if isinstance(entry, str):
        yield path
    for key, inner in entry.items() if isinstance(entry, dict) else enumerate(entry if isinstance(entry, list) else ()):
        yield from leaves(inner, *path, key)


def spoiled(document: dict[str, Any], path: tuple[Any, ...], by: Fraction) -> str:
    """The text of a certificate with one number changed."""
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = str(Fraction(place[path[-1]]) + by)
    return json.dumps(document)


def test_every_statement_has_a_stored_certificate() -> None:
    assert {stored(name)["statement"] for name in STORED} == {"T1b", "T1d", "T2p", "T4p", "T4p_gap"}


@pytest.mark.parametrize("name", STORED)
def test_a_stored_certificate_proves_its_values(name: str) -> None:
    document = stored(name)
    proved = check(json.dumps(document))
    assert proved == {side: Fraction(document[side]["value"]) for side in ("upper", "lower")}
    assert 0 < proved["lower"] <= proved["upper"]


@pytest.mark.parametrize("by", [Fraction(1, 10**15), Fraction(-1, 10**15)])
@pytest.mark.parametrize("name", STORED)
def test_every_multiplier_counts(name: str, by: Fraction) -> None:
    document = {key: value for key, value in stored(name).items() if key != "lower"}
    places = [path for path in leaves(document["upper"], "upper") if path[-1] in (3, "spread", "descent", "value")]
    assert len(places) == len(document["upper"].get("multipliers", [])) + 2
    for path in places:
        with pytest.raises(Refused):
            check(spoiled(document, path, by))


@pytest.mark.parametrize("name", STORED)
def test_every_number_of_an_instance_counts(name: str) -> None:
    document = {key: value for key, value in stored(name).items() if key != "upper"}
    places = list(leaves(document["lower"], "lower"))
    for path in places if len(places) < 60 else places[::4]:  # a solver's instance has many, all alike
        with pytest.raises(Refused):
            check(spoiled(document, path, Fraction(1, 1000)))


@pytest.mark.parametrize("name", ["T1d_tau2", "T1b_tau5", "T4p", "T2p_limit"])
def test_the_square_has_no_room_for_a_smaller_value(name: str) -> None:
    document = {key: value for key, value in stored(name).items() if key != "lower"}
    part = document["upper"]
    smaller = Fraction(part["spread"]) * (1 - Fraction(1, 10**4))
    part["spread"] = part["value"] = str(smaller)
    with pytest.raises(Refused, match="not positive semidefinite"):
        check(json.dumps(document))


@pytest.mark.parametrize(("key", "by"), [("A", Fraction(1, 1000)), ("h", Fraction(1, 1000)), ("mu_c", Fraction(1, 10))])
def test_a_certificate_is_of_its_parameters_alone(key: str, by: Fraction) -> None:
    with pytest.raises(Refused):
        check(spoiled(stored("T1d_tau2"), ("parameters", key), by))


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"statement": "T1d"}', "nan",
        json.dumps({**stored("T4p"), "statement": "S4"}),
        json.dumps({**stored("T4p"), "parameters": {"h": 0.5, "tau": "5", "mu_c": "-1"}}),
        json.dumps({**stored("T4p"), "parameters": {"h": "0.5", "tau": "5", "mu_c": "-1"}}),
        json.dumps({**stored("T4p"), "parameters": {"h": "1/2", "tau": "5"}}),
        json.dumps({**stored("T4p"), "parameters": {"h": "1/2", "tau": "10000", "mu_c": "-1"}}),
        json.dumps({**stored("T4p"), "parameters": {"h": "1/0", "tau": "5", "mu_c": "-1"}}),
        json.dumps({key: value for key, value in stored("T4p").items() if key not in ("upper", "lower")}),
        json.dumps({**stored("T4p"), "upper": {"value": "1"}}),
        "[" * 100_000,
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_certificate_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Malformed):
        check(text)


def test_a_negative_multiplier_or_weight_is_refused() -> None:
    document = stored("T1d_tau2")
    there = Fraction(document["upper"]["multipliers"][0][3])
    cycle = [["0", "0", "1", str(-2 * there)], ["0", "1", "0", str(-2 * there)]]  # the values f_p still cancel
    document["upper"]["multipliers"] += cycle
    with pytest.raises(Refused, match="negative"):
        check(json.dumps(document))
    document = stored("T1d_tau2")
    document["lower"]["weights"][0] = "-1"
    with pytest.raises(Refused, match="weight"):
        check(json.dumps(document))


def doubled(document: dict[str, Any]) -> None:
    document["lower"]["weights"] = [str(2 * Fraction(weight)) for weight in document["lower"]["weights"]]
    document["parameters"]["F0_gap"] = "2"


@pytest.mark.parametrize(
    ("name", "side", "edit", "reason"),
    [
        ("T4p", "lower", lambda d: d["parameters"].update(h="1/3"), "no fixed point"),
        ("T4p", "lower", lambda d: d["parameters"].update(n="3"), "another number of agents"),
        ("T4p", "lower", lambda d: d["parameters"].update(mu_c="-99/100"), "curvature outside"),
        ("T4p_gap", "lower", lambda d: d["parameters"].update(mu_F="1/20"), "not curved enough"),
        ("T4p_gap", "lower", lambda d: d["lower"].update(minimiser=["0", "0", "0"]), "does not vanish"),
        ("T2p_rounds", "lower", lambda d: d["parameters"].update(F0_gap="1/2"), "gap at the start"),
        ("T2p_rounds", "lower", doubled, "spread too much"),
        ("T2p_once", "upper", lambda d: d["upper"].update(descent="1", value="1"), "one descent"),
        ("T2p_once", "upper", lambda d: d["parameters"].update(K="2"), "one descent"),
        ("T1d_tau2", "lower", lambda d: d["lower"]["gradients"].append(d["lower"]["gradients"][0]), "number of agents"),
        ("T1d_tau2", "lower", lambda d: d["parameters"].update(mu_c="0"), "no loss of agent 0"),
    ],
)  # fmt: skip
def test_every_condition_is_needed(name: str, side: str, edit: Callable[[dict[str, Any]], None], reason: str) -> None:
    document = {key: value for key, value in stored(name).items() if key in ("statement", "parameters", side)}
    edit(document)
    with pytest.raises(Refused, match=reason):
        check(json.dumps(document))


def test_semidefinite_matrices() -> None:
    def matrix(*rows: tuple[int, ...]) -> list[list[Fraction]]:
        return [[Fraction(x) for x in row] for row in rows]

    assert nonnegative(matrix((1, 1, 0), (1, 1, 0), (0, 0, 0)))
    assert nonnegative(matrix((0, 0), (0, 2)))
    assert not nonnegative(matrix((0, 1), (1, 1)))
    assert not nonnegative(matrix((1, 2), (2, 1)))
    assert not nonnegative(matrix((1, 1, 1), (1, 1, 2), (1, 2, 9)))


def test_the_checker_is_short_and_knows_no_solver_and_no_float() -> None:
    script = (
        "import sys; before = set(sys.modules); import theory.sharp.checker;"
        "print(sorted(name for name in set(sys.modules) - before if name.split('.')[0] not in sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    used = ast.literal_eval(done.stdout)
    assert [name for name in used if not name.startswith("theory")] == []
    sources = [Path(sys.modules[name].__file__ or "") for name in used if name.startswith("theory.sharp.")]
    assert len(sources) == 5
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), source
            assert not (isinstance(node, ast.Name) and node.id == "float"), source
    assert len(Path(theory.sharp.checker.__file__).read_text(encoding="utf-8").splitlines()) <= 100
