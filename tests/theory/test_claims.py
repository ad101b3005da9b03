"""Claims files: what is read, what it means, and that nothing in them is ever executed."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest
import sympy

import theory
from theory.claims.grammar import (
    DEEPEST,
    LARGEST_EXPONENT,
    LONGEST,
    GrammarError,
    read_comparison,
    read_expression,
)
from theory.claims.measured import MEASURED
from theory.claims.reading import ClaimError, parse_claims, read_claims, with_claims
from theory.tables import default_table

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = default_table().symbols
ONE = '[[claim]]\nid = "mine"\nmeasures = "L_F"\nrhs = "{rhs}"\n'


def table_with(rhs: str, **more: str) -> theory.tables.Table:
    text = ONE.format(rhs=rhs) + "".join(f"{key} = {value}\n" for key, value in more.items())
    return with_claims(default_table(), parse_claims(text, "a.toml"))


# what a right side means


@pytest.mark.parametrize(
    ("text", "inputs", "value"),
    [
        ("-L**2 + 3*L", {"L": 2}, 2),  # a power binds tighter than a sign
        ("2**3**2*L", {"L": 1}, 512),  # and from the right
        ("L - 1 - 1", {"L": 5}, 3),
        ("12/2/3*L", {"L": 1}, 2),
        ("S(nu, 2) + L", {"L": 0, "nu": 4}, 15),
        ("S(nu - 1, 2) + L", {"L": 7, "nu": 0}, 7),  # an empty sum
        ("sum(l*alpha, l, 1, nu)", {"alpha": 2, "nu": 4}, 20),
        ("max(L, 3, min(alpha, 10))", {"L": 2, "alpha": 5}, 5),
        ("abs(L - 3)", {"L": 1}, 2),
        ("sqrt(L**2 + 9)", {"L": 4}, 5),
        ("0.1*L", {"L": 1}, Fraction(1, 10)),  # a decimal is exact
        ("1e-3*L", {"L": 1}, Fraction(1, 1000)),
        ("L**nu", {"L": 0, "nu": 0}, 1),
        ("sqrt(L**nu)", {"L": 4, "nu": 3}, 8),
    ],
)
def test_a_right_side_means_what_it_says(text: str, inputs: dict[str, int], value: Fraction | int) -> None:
    assert table_with(text).quantity("mine").evaluate(**inputs).exact == value


def test_a_claim_may_vary_one_part_of_a_theorem() -> None:
    inputs = {"alpha": "1/2", "L": 1, "rho": 1, "B": 2, "nu": 2}
    halved = table_with("L_F/2").quantity("mine").evaluate(**inputs).exact
    assert halved == theory.quantity("L_F").evaluate(**inputs).exact / 2  # type: ignore[operator]


def test_functions_are_enclosed_outwards() -> None:
    low, high = table_with("exp(alpha*L) + log(2)*exp(1)").quantity("mine").enclosure(alpha=1, L=1)
    exact = sympy.exp(1) * (1 + sympy.log(2))
    assert sympy.Rational(low) < exact < sympy.Rational(high)


def test_a_failed_hypothesis_leaves_no_value_and_says_both_sides() -> None:
    table = table_with("4*L", hypotheses='["alpha*L <= 1", "nu == 1"]')
    found = table.quantity("mine").evaluate(alpha=3, L=1, nu=1)
    assert found.value is None
    assert [check.holds for check in found.hypotheses] == [False, True]
    assert "3" in found.hypotheses[0].detail


def test_a_claim_is_printed_from_its_expression() -> None:
    bound = table_with("4*L", hypotheses='["alpha*L <= 1"]').bound("mine")
    assert r"\le 4 L" in bound.latex
    assert r"\alpha L \le 1" in bound.latex
    assert bound.mathml.startswith("<math")
    assert (bound.provenance, bound.kind, bound.measures) == ("claim", "deterministic", "L_F")


@pytest.mark.parametrize("name", MEASURED)
def test_everything_that_can_be_claimed_names_quantities_of_the_theory_in_its_unit(name: str) -> None:
    measured = MEASURED[name]
    for mode, quantity in measured.ours.items():
        assert mode in measured.modes
        assert default_table().formulas[quantity].unit == measured.unit


def test_a_lost_factor_shows_in_the_units() -> None:
    (lost,) = parse_claims(ONE.format(rhs="L + rho*B"), "a.toml")
    assert "terms of different units" in lost.unit_note
    (other,) = parse_claims(ONE.format(rhs="alpha*L"), "a.toml")
    assert "has the unit" in other.unit_note
    (fine,) = parse_claims(ONE.format(rhs="L_F/2"), "a.toml")
    assert fine.unit_note == ""


def test_one_round_is_claimed_with_the_shift_on_both_sides() -> None:
    text = ONE.replace("L_F", "one_round_change").format(rhs="-beta*tau*A*grad_norm**2 + beta*tau*N")
    table = with_claims(default_table(), parse_claims(text, "a.toml"))
    inputs = {"alpha": 0, "L": 1, "rho": 0, "B": 1, "nu": 0, "tau": 2, "beta": "1/10", "n": 2, "m": 1,
              "gamma_G": 1, "gamma_H": 0, "F0_gap": 3, "grad_norm": 1}  # fmt: skip
    ours = theory.quantity("T1").evaluate(**inputs).exact
    assert table.quantity("mine").evaluate(**inputs).exact == ours


def test_free_constants_and_empty_right_sides_are_not_judged() -> None:
    (free,) = parse_claims(ONE.format(rhs="c*L") + 'constants = { c = "free" }', "a.toml")
    assert not free.checkable
    assert free.constants == ("c",)
    (empty,) = parse_claims(ONE.format(rhs=""), "a.toml")
    assert not empty.filled
    assert "mine" not in with_claims(default_table(), [free, empty]).formulas


def test_the_examples_are_readable() -> None:
    claims = read_claims([EXAMPLES / "claims.toml"])
    assert [claim.id for claim in claims if claim.id.startswith("wrong")] == ["wrong-lemma", "wrong-error"]
    assert all(claim.unit_note == "" for claim in claims)
    form = read_claims([EXAMPLES / "arxiv_2504_21327.toml"])
    assert sum(not claim.filled for claim in form) == 6
    assert not any(claim.checkable for claim in form)


@pytest.mark.parametrize("published", ["L_F", "bias", "sigma_F2", "gamma_F2"])
def test_the_right_examples_equal_the_published_constants(published: str) -> None:
    id = {"L_F": "smoothness", "bias": "bias", "sigma_F2": "error", "gamma_F2": "spread"}[published]
    table = with_claims(default_table(), read_claims([EXAMPLES / "claims.toml"]))
    inputs = {"alpha": "1/3", "L": 2, "rho": "1/5", "B": 3, "nu": 1, "sigma_G": "7/4", "sigma_H": "1/2", "gamma_G": 1,
              "gamma_H": "3/7", "D": 3, "D_prime": 4, "D_H": 5}  # fmt: skip
    ours = theory.quantity(f"per_fedavg.{published}").evaluate(**inputs)
    assert table.quantity(f"per-fedavg-{id}").evaluate(**inputs).digits == ours.digits


# what is refused


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (ONE.format(rhs="__import__('os')"), 4, "not part of the grammar"),
        (ONE.format(rhs="os.system(1)"), 4, "unknown function"),
        (ONE.format(rhs="L.is_real"), 4, "unknown name"),
        (ONE.format(rhs="(" * 10**6), 4, "characters"),
        (ONE.format(rhs="(" * 60 + "L" + ")" * 60), 4, f"deeper than {DEEPEST}"),
        (ONE.format(rhs="L**" * 60 + "2"), 4, f"deeper than {DEEPEST}"),
        (ONE.format(rhs="L*gama_G"), 4, "did you mean gamma_G"),
        (ONE.format(rhs="L**10**9"), 4, f"beyond {LARGEST_EXPONENT}"),
        (ONE.format(rhs="((2**10000)**10000)**10000*L"), 4, "exponent"),
        (ONE.format(rhs="L**alpha"), 4, "number of steps"),
        (ONE.format(rhs="L**(1/3)"), 4, "neither a count nor a half"),
        (ONE.format(rhs="L/(alpha - alpha)"), 4, "division by zero"),
        (ONE.format(rhs="sqrt(-1)*L"), 4, "not a real number"),
        (ONE.format(rhs="mu*L"), 4, 'assumes = ["A6"]'),
        (ONE.format(rhs="2 +"), 4, "at the end"),
        (ONE.format(rhs="L < 2"), 4, "expected the end"),
        (ONE.format(rhs="L").replace("L_F", "speed"), 3, "measures 'speed'"),
        (ONE.format(rhs="L").replace("L_F", "L_Q"), 3, "measures 'L_Q' (did you mean L_F?)"),
        (ONE.format(rhs="L").replace("mine", "S4"), 2, "already used by the theory"),
        (ONE.format(rhs="L").replace("mine", "a b"), 2, "expected a letter"),
        (ONE.format(rhs="L") + "colour = 1\n", 5, "unknown key 'colour'"),
        (ONE.format(rhs="L") + 'mode = ["exact"]\n', 5, "unknown key 'mode' (did you mean modes?)"),
        (ONE.format(rhs="L") + 'modes = ["fast"]\n', 5, "'fast' is unknown"),
        (ONE.format(rhs="L") + 'modes = ["exakt"]\n', 5, "'exakt' is unknown (did you mean exact?)"),
        (ONE.format(rhs="L") + 'modes = ["stochastic"]\n', 5, "does not exist for mode stochastic"),
        (ONE.format(rhs="L") + 'hypotheses = ["alpha"]\n', 5, "expected one of <="),
        (ONE.format(rhs="L") + 'hypotheses = ["0 <= alpha <= 1"]\n', 5, "expected the end"),
        (ONE.format(rhs="L") + 'constants = { c = "free" }\n', 5, "does not occur"),
        (ONE.format(rhs="L") + "constants = { c = 2 }\n", 5, 'expected "free"'),
        (ONE.format(rhs="L") + "\n\n" + ONE.format(rhs="L"), 8, "already used at a.toml:2"),
        ('[[claim]]\nid = "a"\nmeasures = "L_F"\n', 1, "has no rhs"),
        ("x = 1\n" + ONE.format(rhs="L"), 1, "unknown key 'x'"),
        (ONE.format(rhs="L").replace("claim", "claims"), 1, "unknown key 'claims' (did you mean claim?)"),
        ('[claim]\nid = "a"\n', 1, "its own [[claim]] table"),
        ('[[claim]\nid = "a"\n', 1, "not valid TOML"),
        ('[[claim]]\nid = ' + "[\n" * 10**5, 1, "nested too deeply"),
        ("", 1, "no [[claim]]"),
    ],
)  # fmt: skip
def test_every_mistake_is_one_line_with_its_place(text: str, line: int, message: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ClaimError) as caught:
        parse_claims(text, "a.toml")
    said = str(caught.value)
    assert said.startswith(f"a.toml:{line}: ")
    assert message in said
    assert "\n" not in said
    assert len(said) < 400
    assert time.perf_counter() - started < 5  # the acceptance limit for refusing a file


def test_one_identifier_over_all_files(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(ONE.format(rhs="L"))
    with pytest.raises(ClaimError, match=r"b\.toml:2: id 'mine' is already used at .*a\.toml:2"):
        read_claims([tmp_path / "a.toml", tmp_path / "b.toml"])


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ClaimError, match="No such file"):
        read_claims([tmp_path / "none.toml"])
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ClaimError, match="not UTF-8"):
        read_claims([tmp_path / "binary.toml"])


def test_limits_are_checked_before_anything_is_read() -> None:
    with pytest.raises(GrammarError, match=f"at most {LONGEST}"):
        read_expression("1+" * LONGEST, NAMES)
    started = time.perf_counter()
    read_expression("+".join(["L*alpha**2"] * 180), NAMES)
    assert time.perf_counter() - started < 5


def test_a_comparison_has_one_relation() -> None:
    found = read_comparison("10*beta*tau*L_F <= 1", NAMES)
    assert (found.relation, found.right) == ("<=", 1)
    assert found.left == 10 * NAMES["beta"] * NAMES["tau"] * NAMES["L_F"]
