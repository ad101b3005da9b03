"""Text, numbers and tables as LaTeX: nothing that a user types is ever a command."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.pages.latex import aligned_number, code, escaped, letters, number, prose, steps
from reports.pages.tables import Column, floating_table

HOSTILE = r"\input{/etc/passwd} $x$ % # & _ ^ ~ { } < > | ` -- --- \\ \end{document}"
_ALLOWED = (
    r"\\(?:textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textasciigrave)\{\}"
    r"|\\[{}$&#_%]|\{''\}|\{\}|\\['`^~=.\"rHvc]\{[A-Za-z]\}|\$\\?[A-Za-z|-]+\$"
)


def stripped(text: str) -> str:
    """What is left of an escaped text after everything that may stand in it by design."""
    return re.sub(_ALLOWED, "", text)


@given(st.text(max_size=60))
def test_no_character_of_a_text_stays_special(text):
    assert not set(stripped(escaped(text))) & set("\\{}$&#_%~^"), escaped(text)


@given(st.text(alphabet=string.printable, max_size=60))
def test_escaped_text_balances_its_braces(text):
    depth = 0
    for mark in re.findall(r"\\[{}]|[{}]", escaped(text)):
        depth += {"{": 1, "}": -1}.get(mark, 0)
        assert depth >= 0
    assert depth == 0


def test_a_hostile_text_is_letters():
    shown = escaped(HOSTILE)
    assert r"\input" not in shown
    assert r"\end" not in shown
    assert "--" not in shown.replace("{}", "@")


def test_code_breaks_lines_but_keeps_every_character():
    assert code("a=b/c").replace(r"\allowbreak{}", "") == r"\texttt{a=b/c}"


def test_prose_keeps_formulas_and_escapes_the_rest():
    assert prose("5% of $L_F$ & more") == r"5\% of $L_F$ \& more"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_is_the_number_to_its_digits(value):
    text = number(value, 6)
    match = re.fullmatch(r"\\ensuremath\{(-?[\d.]+)(?: \\times 10\^\{(-?\d+)\})?\}", text)
    assert match is not None
    back = float(f"{match[1]}e{match[2] or 0}")
    assert back == pytest.approx(value, rel=5.1e-6, abs=0)  # six digits: half a unit in the sixth place


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_aligned_numbers_have_one_digit_before_the_point(value):
    text = aligned_number(value)
    assert re.match(r"^\$\d\.\d\d\$ &", text)
    assert text.count("&") == 1


@given(st.text(max_size=20))
def test_macro_names_are_letters(text):
    assert re.fullmatch("[A-Za-z]+", letters(text))


def test_a_proof_is_a_paragraph_a_step_with_its_formulas_displayed():
    text = "One step, 5% of $L_F$:\n\\[ a = b . \\]\nIt ends.\n\nAnother."
    assert steps(text) == ("One step, 5\\% of $L_F$:\n\\begin{align*}\na = b .\n\\end{align*}\nIt ends.\n\nAnother.")


def test_every_line_of_a_table_has_the_columns_it_announces():
    columns = [Column("Task", ["a", "b"]), Column("Ratio", [aligned_number(0.5), aligned_number(None)], "n")]
    text = floating_table(columns, "Caption.", "tab:x")
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert [line.count("&") + line.count("multicolumn{2}") for line in lines] == [2, 2, 2]


@pytest.mark.parametrize(
    "formula",
    [
        r"\input{secrets}",
        r"^^5cinput{secrets}",
        r"\left\input{secrets}",
        r"\text{\input{secrets}",
        r"\immediate\openout1=x",
        r"\begin{filecontents}x\end{filecontents}",
        r"\csname input\endcsname",
        "a%b",
        "x}",
        "{x",
        "#1",
        "a~b",
        "a&b",
    ],
)
def test_what_is_not_of_the_closed_list_is_no_mathematics(formula: str) -> None:
    text = f"from ${formula}$ on"
    assert prose(text) == escaped(text)
    assert prose(r"from $\frac{\alpha}{2} \le L_F$ on") == r"from $\frac{\alpha}{2} \le L_F$ on"
