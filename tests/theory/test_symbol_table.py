"""The table of symbols, and the examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from fractions import Fraction

import pytest
import sympy

import theory
from tests.theory.parameters import symbol
from theory.language.modes import MODE_NAMES
from theory.language.symbols import INDICES, INPUTS, KNOWN, Range, introduce
from theory.language.units import GRADIENT, STEP
from theory.tables import default_table

CONTRACTED_KEYS = [
    "alpha",
    "beta",
    "L",
    "mu",
    "rho",
    "B",
    "sigma_G",
    "sigma_H",
    "gamma_G",
    "gamma_H",
    "D",
    "D_prime",
    "D_H",
    "nu",
    "tau",
    "n",
    "m",
    "K",
    "delta",
    "F0_gap",
    "mu_F",
    "grad_norm_i",
    "q",
    "h",
    "L_F",
    "b",
    "sigma2",
    "gamma_F",
    "mu_c",
    *["beta_s", "rho_2", "eps", "zeta", "c", "r", "p_max"],
]
SYMBOLS = default_table().symbols
KEYS = default_table().keys
OVERRIDES = ("q", "h", "L_F", "b", "sigma2", "gamma_F", "mu_c", "beta_s")
MODULES = [item.name for item in pkgutil.walk_packages(theory.__path__, "theory.") if item.name != "theory.__main__"]


def test_every_contracted_key_is_accepted() -> None:
    assert set(CONTRACTED_KEYS) <= set(KEYS)
    assert set(KEYS) - set(CONTRACTED_KEYS) == {"grad_norm", "eta_G", "eta_H"}


def test_names_and_latex_are_unique() -> None:
    latex = [symbol.record.latex for symbol in SYMBOLS.values()]
    assert len(latex) == len(set(latex))
    assert len(MODE_NAMES) == len(set(MODE_NAMES)) == 6


def test_every_formula_has_a_row_and_every_derived_row_a_formula() -> None:
    derived = set(SYMBOLS) - {symbol.name for symbol in INPUTS} - {"l", "t", "j"}
    assert derived == set(default_table().formulas)
    assert set(OVERRIDES) <= derived
    assert set(KEYS) == {*OVERRIDES, "c", "r", *(symbol.name for symbol in INPUTS)}
    assert (KEYS["c"].name, KEYS["r"].name) == ("T1d.c", "C1.r")


def test_every_formula_uses_only_known_symbols() -> None:
    for formula in default_table().formulas.values():
        assert formula.names <= set(SYMBOLS)


def test_ranges() -> None:
    assert Range(lower=1, upper=3, integer=True).contains(Fraction(3))
    assert not Range(lower=1, upper=3, integer=True).contains(Fraction(4))
    assert not Range(integer=True).contains(Fraction(1, 2))
    assert not Range(open_below=True).contains(Fraction(0))
    assert Range(lower=None).contains(Fraction(-7))
    assert str(Range(lower=1, upper=3, integer=True)) == "an integer >= 1 and <= 3"


@pytest.mark.parametrize("found", SYMBOLS.values(), ids=str)
def test_sympy_assumptions_follow_the_range(found) -> None:
    assert found.is_real
    assert bool(found.is_integer) == found.record.range.integer
    assert found.is_nonnegative is (None if found.record.range.lower is None else True)


def test_inputs_carry_the_names_they_are_imported_by() -> None:
    module = importlib.import_module("theory.language.symbols")
    for item in INPUTS:
        assert getattr(module, item.name) is item
    assert (module.ell, module.t, module.j) == INDICES
    assert all(name == item.name for name, item in KNOWN.items())


@pytest.mark.parametrize("way", ["pickle", "cloudpickle", "copy"])
def test_a_copy_of_an_expression_keeps_the_records(way: str) -> None:
    expression = sum(symbol(name) for name in ("alpha", "L_F", "sigma2"))
    tool = pytest.importorskip(way)
    found = tool.deepcopy(expression) if way == "copy" else tool.loads(tool.dumps(expression))
    assert (found, hash(found)) == (expression, hash(expression))
    records = {item.name: item.record for item in found.free_symbols}
    assert records == {name: SYMBOLS[name].record for name in ("alpha", "L_F", "sigma2")}


def test_a_symbol_is_its_whole_record() -> None:
    here = introduce("y", "y", STEP, "a step")
    assert here == introduce("y", "y", STEP, "a step")
    assert here != introduce("y", "y", GRADIENT, "a step")
    assert here != introduce("y", "Y", STEP, "a step")
    assert sympy.Symbol("y", nonnegative=True) != here


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert doctest.testmod(module).failed == 0


def test_package_docstring_example() -> None:
    assert doctest.testmod(theory).failed == 0
