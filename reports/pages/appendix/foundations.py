r"""What statements stand on as pieces for \input: setting and algorithm, notation, lemmas."""

from __future__ import annotations

from collections.abc import Mapping

from reports.figures.labels import unit_text
from reports.pages.appendix.forms import TEXT_FORM, Form
from reports.pages.appendix.parts import QED
from reports.pages.displays import display
from reports.pages.latex import code, escaped, prose, steps
from theory.language.setting import ASSUMPTIONS, GRADIENTS, SETS, SETTING
from theory.printing.prose import paragraphs
from theory.statements.lemmas import LEMMAS
from theory.tables import Table


def setting_piece(table: Table, form: Form = TEXT_FORM) -> str:
    """The problem, the algorithm, the modes with their bias and variance, and the assumptions."""
    lines = [r"\begingroup\emergencystretch=3em"]
    for part in paragraphs(SETTING):
        title, _, text = part.partition(". ")
        lines += [rf"\paragraph{{{escaped(title)}.}} {prose(text, form.letters)}", ""]
    lines += [r"\paragraph{Modes.} What $g_i(w)$ is, and $b$ and $\sigma^2$:", *_described(GRADIENTS, form)]
    lines += [display(table.quantity(name).latex, form.letters) for name in ("b", "sigma2")]
    lines += [r"\paragraph{Assumptions and sets.}", *_described({**ASSUMPTIONS, **SETS}, form), r"\par\endgroup", ""]
    return "\n".join(lines)


def _described(texts: Mapping[str, str], form: Form) -> list[str]:
    items = [rf"\item[{escaped(name)}] {prose(text, form.letters)}" for name, text in texts.items()]
    return [r"\begin{description}\setlength{\itemsep}{0pt}", *items, r"\end{description}"]


def notation_piece(table: Table) -> str:
    r"""Every symbol with what it means, its unit and the name that commands know it by, in the order of the theory.

    Units are powers of [F], the unit of losses, and [W], that of parameters.
    """
    lines = [
        r"\begingroup\small\raggedright",
        "Units are powers of $[F]$, the unit of losses, and $[W]$, that of parameters; in typewriter type the name by "
        r"which commands know a symbol.\par\smallskip",
    ]
    for symbol in table.symbols.values():
        record = symbol.record
        given = "" if record.unit.dimensionless else f", {unit_text(record.unit)}"
        named = f"({code(record.name)}{given})"
        lines.append(rf"\noindent\hangindent=1.5em ${record.latex}$ {named}: {prose(record.meaning)}.\par")
    return "\n".join([*lines, r"\endgroup", ""])


def lemmas_piece(form: Form = TEXT_FORM) -> str:
    r"""Every lemma with its proof; \ref{lemma:ID} prints its id."""
    lines = [r"\begingroup\emergencystretch=6em"]
    for lemma in LEMMAS:
        lines += [
            rf"\paragraph{{{escaped(lemma.id)}.}}\MFLlabel{{{escaped(lemma.id)}}}{{lemma:{escaped(lemma.id)}}}%",
            rf"\emph{{{prose(lemma.title)}.}} {prose(lemma.claim, form.letters)}",
            "",
            rf"\noindent\textit{{Proof.}} {steps(lemma.proof, form.letters)}{QED}",
            "",
        ]
    return "\n".join([*lines, r"\par\endgroup", ""])
