"""The table of symbols, and the examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from fractions import Fraction

import pytest

import theory
from theory.algebra import symbol
from theory.symbols import INPUTS, KEYS, MODES, OVERRIDES, RECORDS, Range
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
]
MODULES = [f"theory.{item.name}" for item in pkgutil.iter_modules(theory.__path__) if item.name != "__main__"]


def test_every_contracted_key_is_accepted() -> None:
    assert set(CONTRACTED_KEYS) <= set(KEYS)
    assert set(KEYS) - set(CONTRACTED_KEYS) == {"grad_norm", "eta_G", "eta_H"}


def test_names_and_latex_are_unique() -> None:
    latex = [record.latex for record in RECORDS.values()]
    assert len(latex) == len(set(latex))
    assert len(MODES) == len(set(MODES)) == 6


def test_every_formula_has_a_row_and_every_derived_row_a_formula() -> None:
    derived = set(RECORDS) - {record.name for record in INPUTS} - {"l", "t", "j"}
    assert derived == set(default_table().formulas)
    assert set(OVERRIDES) <= derived


def test_every_formula_uses_only_known_symbols() -> None:
    for formula in default_table().formulas.values():
        assert formula.names <= set(RECORDS)


def test_ranges() -> None:
    assert Range(lower=1, upper=3, integer=True).contains(Fraction(3))
    assert not Range(lower=1, upper=3, integer=True).contains(Fraction(4))
    assert not Range(integer=True).contains(Fraction(1, 2))
    assert not Range(open_below=True).contains(Fraction(0))
    assert Range(lower=None).contains(Fraction(-7))
    assert str(Range(lower=1, upper=3, integer=True)) == "an integer >= 1 and <= 3"


@pytest.mark.parametrize("record", RECORDS.values(), ids=lambda record: record.name)
def test_sympy_assumptions_follow_the_range(record) -> None:
    found = symbol(record.name)
    assert found.is_real
    assert bool(found.is_integer) == record.range.integer
    assert found.is_nonnegative is (None if record.range.lower is None else True)


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert doctest.testmod(module).failed == 0


def test_package_docstring_example() -> None:
    assert doctest.testmod(theory).failed == 0
