"""The page: its template filled with what the report found."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import theory
from reports.figures import Figure, inline_svg, share_outlines
from reports.figures.modes import mode_words
from reports.judging.frames import summary_frame
from reports.judging.rows import Row, Verdict
from reports.pages.html.anchors import row_anchors, slug
from reports.pages.html.commands import evaluation_command, repeat_command
from reports.pages.html.cover import coverage
from reports.pages.html.formulas import prose, steady
from reports.pages.html.manifest import flattened
from reports.pages.html.numerals import interval, number, scale, short_number, sortable
from reports.pages.html.opening import counts, facts, headline
from reports.pages.html.statements import lemma_entries, statement_entries
from reports.pages.templating import environment, script_hash, source
from reports.pages.words import GROUPS
from reports.sections import Section
from theory.language.modes import MODE_NAMES as MODES
from theory.language.setting import ASSUMPTIONS, GRADIENTS, SETS, SETTING
from theory.printing.prose import paragraphs
from theory.tables import Table

_WORDS = {
    Verdict.HOLDS: "holds",
    Verdict.VIOLATED: "violated",
    Verdict.VACUOUS: "vacuous",
    Verdict.NOT_APPLICABLE: "not applicable",
    Verdict.INCONCLUSIVE: "inconclusive",
}
_MARKS = {
    Verdict.HOLDS: "✓",
    Verdict.VIOLATED: "✗",
    Verdict.VACUOUS: "○",
    Verdict.NOT_APPLICABLE: "–",
    Verdict.INCONCLUSIVE: "?",
}
# sorting by verdict puts first what needs a reader
_ATTENTION = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.VACUOUS, Verdict.HOLDS)


def render(
    rows: Sequence[Row], figures: Sequence[Figure], manifest: Mapping[str, Any], plan_title: str, error_level: float,
    table: Table | None = None, sections: Sequence[Section] = (), finding: str | None = None, companion: str = "",
) -> str:  # fmt: skip
    """The whole page as HTML text.

    rows: in the order in which the table first shows them. manifest: plain JSON values; its `plan` and `seed`, where
    present, complete the commands that repeat a row. error_level: the family-wise level of all verdicts decided by
    samples. table: the right sides, the theory's own unless one with claims is given. sections: what is shown between
    the figures and the rows. finding: what the page says first, where that is not made of rows. companion: a file
    beside the page with plots to explore, none if empty. Every text that comes from rows, claims, titles or the
    manifest is escaped.
    """
    templates = _templates()
    table = table or theory.default_table()
    script = source("page.js")
    anchors = row_anchors(rows)
    summary = summary_frame(rows, table).to_dict("records")
    measured = [line for line in summary if line["rows"]]
    context = {
        "plan_title": plan_title,
        "headline": finding or headline(rows),
        "facts": facts(rows),
        "counts": counts(rows),
        "error_level": error_level,
        "sampled": sum("level" in row.decided_by for row in rows),
        "groups": [(title, [line for line in measured if line["provenance"] == key]) for key, title in GROUPS.items()],
        "unmeasured": [line["bound"] for line in summary if not line["rows"]],
        "verdicts": _verdicts(Verdict),
        # the summary leaves out columns of zeros, but never the column of violations
        "columns": _verdicts(
            v for v in Verdict if v in (Verdict.HOLDS, Verdict.VIOLATED) or any(row.verdict is v for row in rows)
        ),
        "coverage": coverage(rows),
        "modes": MODES,
        "figures": [
            (figure, prose(figure.caption), Markup(svg))
            for figure, svg in zip(figures, share_outlines([inline_svg(figure) for figure in figures]), strict=True)
        ],
        "rows": rows,
        "anchors": anchors,
        "choices": _choices(rows),
        "statements": statement_entries(summary, table, rows, figures),
        "stated": set(table.statements),
        "companion": companion,
        "sections": [_section(section) for section in sections],
        "assumptions": {name: prose(text) for name, text in (ASSUMPTIONS | SETS).items()},
        "setting": [prose(part) for part in paragraphs(SETTING)],
        "gradients": {mode: prose(text) for mode, text in GRADIENTS.items()},
        "by_mode": [steady(table.quantity(name).mathml) for name in ("b", "sigma2")],
        "lemmas": lemma_entries(),
        "manifest": flattened(manifest),
        "command": repeat_command,
        "evaluation": lambda row: evaluation_command(row, [file["file"] for file in manifest.get("claims", [])]),
        "style": source("page.css"),
        "script": script,
        "script_hash": script_hash(script),
    }
    return templates.get_template("page.html.j2").render(context)


def _templates() -> Environment:
    templates = environment(autoescape=True)
    templates.tests["verdict"] = lambda cell: isinstance(cell, Verdict)
    templates.filters.update(
        number=number,
        short=short_number,
        slug=slug,
        word=lambda verdict: _WORDS[Verdict(verdict)],
        mark=lambda verdict: _MARKS[Verdict(verdict)],
        rank=lambda verdict: _ATTENTION.index(verdict),
        mode=mode_words,
        json=lambda value: Markup(html.escape(json.dumps(value, ensure_ascii=False), quote=False)),
        interval=interval,
        scale=scale,
        sortable=sortable,
    )
    return templates


def _verdicts(chosen: Iterable[Verdict]) -> list[tuple[Verdict, str, str]]:
    return [(verdict, _WORDS[verdict], _MARKS[verdict]) for verdict in chosen]


def _choices(rows: Sequence[Row]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters: column, label, and the values that occur with their names."""
    return [
        ("bound", "Bound", [(name, name) for name in _distinct(row.bound for row in rows)]),
        ("task", "Task", [(name, name) for name in sorted({row.task for row in rows})]),
        ("mode", "Mode", [(name, mode_words(name)) for name in _distinct(row.mode for row in rows)]),
        ("verdict", "Verdict", [(v.value, _WORDS[v]) for v in Verdict if any(row.verdict is v for row in rows)]),
    ]


def _section(section: Section) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "paragraphs": [prose(text) for text in section.paragraphs],
        "tables": section.tables,
    }


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
