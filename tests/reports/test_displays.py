"""Displays that fit a width: no symbol is lost or moved, and lines are as narrow as asked wherever they can break."""

from __future__ import annotations

import re
from collections import Counter

import pytest

import theory
from reports.pages.appendix.forms import COLUMN_FORM, FORMS
from reports.pages.displays import display, width
from theory.statements.lemmas import LEMMAS

BOUNDS = pytest.mark.parametrize("bound", theory.bounds(), ids=lambda bound: bound.id)
# what breaking may add or take away: alignment, sizes of brackets, cases written one after another
_LAYOUT = re.compile(
    r"\\begin\{(?:align\*|aligned|cases)\}|\\end\{(?:align\*|aligned|cases)\}|\\text\{if \}|\\(?:left|right|bigl|bigr|"
    r"Biggl|Biggr|quad|MFLfit)(?![A-Za-z])|\\\\|[&{}=,]|\s"
)


def symbols(formula: str) -> Counter[str]:
    """The symbols of a formula with their numbers, its layout left out."""
    return Counter(re.findall(r"\\[A-Za-z]+|\\.|.", _LAYOUT.sub(" ", formula))) - Counter({" ": 10**6})


def lines(text: str) -> list[str]:
    return text.removeprefix("\\begin{align*}\n").removesuffix("\n\\end{align*}").split(" \\\\\n")


@BOUNDS
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.folder or "text")
def test_breaking_a_display_loses_no_symbol(bound, form):
    assert symbols(display(bound.latex, form.letters)) == symbols(bound.latex)


@BOUNDS
def test_what_fits_stays_as_it_is(bound):
    marks = r"\s|\\\\|\\(begin|end)\{align(ed|\*)\}"
    assert re.sub(marks, "", display(bound.latex, 1e9)) == re.sub(marks, "", bound.latex)


def displayed() -> list[str]:
    """Every displayed formula of the statements, their proofs and the lemmas."""
    proofs = [*(bound.proof for bound in theory.bounds()), *(lemma.proof for lemma in LEMMAS)]
    steps = [formula for proof in proofs for formula in re.findall(r"\\\[(.*?)\\\]", proof, re.DOTALL)]
    return [*(bound.latex for bound in theory.bounds()), *steps]


def test_every_line_fits_its_column_or_says_that_it_must_be_made_to():
    limit = COLUMN_FORM.letters
    broken = [line for formula in displayed() for line in lines(display(formula, limit))]
    loose = [line for line in broken if r"\MFLfit" not in line]
    assert max(width(line) for line in loose) <= limit + 2  # the indent of a continued line
    assert len(broken) - len(loose) <= 0.03 * len(broken), "what must be made narrower is the exception"


def test_only_overlong_rows_are_broken():
    short = r"\begin{aligned} a &= b + c \end{aligned}"
    assert display(short).splitlines() == [r"\begin{align*}", "a &= b + c", r"\end{align*}"]
    stiff = r"\begin{aligned} a &= \sqrt{" + " + ".join(["b"] * 90) + r"} \end{aligned}"
    assert display(stiff).count(r"\MFLfit") == 1, "below a root is no place to break"


def test_a_formula_breaks_after_commas_first_then_at_relations_then_at_signs():
    long, short = "b" * 20, "b" * 8
    two = [f"& a = {short},", f"& \\quad {{}}c = {short} + d"]
    assert lines(display(f"a = {short}, \\quad c = {short} + d", 20)) == two
    assert lines(display(f"{long} \\le {short} + d", 24)) == [f"& {long}", f"& \\quad {{}}\\le {short} + d"]
    assert lines(display(f"a = {long} + {long}", 30)) == [f"& a = {long}", f"& \\quad {{}}+ {long}"]


def test_brackets_that_stretch_break_into_brackets_of_one_size():
    inner = " + ".join(["b" * 9] * 4)
    text = display(rf"a = \left({inner}\right)^{{2}} c", 30)
    assert r"\bigl(" in text
    assert r"\bigr)^{2} c" in text
    assert r"\left" not in text
    assert all(width(line) <= 32 for line in lines(text))


def test_cases_are_written_one_after_another_with_their_conditions():
    wide = "b" * 22
    text = display(rf"a = \begin{{cases}} {wide} & n = 1 \\ c & \text{{otherwise}} \end{{cases}}", 30)
    assert lines(text) == [
        f"& a = {wide},", r"& \quad {}\quad \text{if } n = 1", r"& \quad {}= c, \quad \text{otherwise}",
    ]  # fmt: skip
