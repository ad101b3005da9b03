"""The page: its template filled with what the report found."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import theory
from reports.analyses.described import TaskView
from reports.figures import Figure, inline_svg, share_outlines
from reports.figures.modes import mode_words
from reports.judging.frames import by_statement, summary_frame
from reports.judging.rows import Row, Verdict
from reports.pages.html.anchors import row_anchors, slug
from reports.pages.html.cover import coverage
from reports.pages.html.formulas import prose, steady
from reports.pages.html.manifest import flattened
from reports.pages.html.notation import notation
from reports.pages.html.numerals import number
from reports.pages.html.opening import counts, facts, headline
from reports.pages.html.row_details import embedded
from reports.pages.html.row_table import listed
from reports.pages.html.statements import lemma_entries, statement_entries
from reports.pages.html.summary import groups, words
from reports.pages.html.tasks import task_entries
from reports.pages.templating import environment, script_hash, source
from reports.pages.words import VERDICTS, counted
from reports.sections import Section
from theory.language.modes import MODE_NAMES as MODES
from theory.language.setting import ASSUMPTIONS, GRADIENTS, SETS, SETTING
from theory.printing.prose import paragraphs
from theory.tables import Table

_MARKS = {
    Verdict.HOLDS: "✓",
    Verdict.VIOLATED: "✗",
    Verdict.VACUOUS: "○",
    Verdict.NOT_APPLICABLE: "–",
    Verdict.INCONCLUSIVE: "?",
}


def render(
    rows: Sequence[Row], figures: Sequence[Figure], manifest: Mapping[str, Any], plan_title: str, error_level: float,
    table: Table | None = None, sections: Sequence[Section] = (), finding: str | None = None, companion: str = "",
    tasks: Sequence[TaskView] = (),
) -> str:  # fmt: skip
    """The whole page as HTML text.

    rows: in the order in which the tables of their statements first show them. manifest: plain JSON values; its
    `row_records` lead from rows to their runs. error_level: the family-wise level of all verdicts decided by samples.
    table: the right sides, the theory's own unless one with claims is given. sections: what is shown between the
    figures and the rows. finding: what the page says first, where that is not made of rows. companion: a file beside
    the page with plots to explore, none if empty. tasks: what the rows were measured on. Every text that comes from
    rows, claims, titles or the manifest is escaped.
    """
    templates = _templates()
    table = table or theory.default_table()
    script = source("page.js")
    summary = summary_frame(rows, table).to_dict("records")
    dimensions = {view.name: view.d for view in tasks}
    tables = [listed(bound, mine, table, dimensions) for bound, mine in by_statement(rows, table).items() if mine]
    context = {
        "plan_title": plan_title,
        "headline": finding or headline(rows),
        "facts": facts(rows),
        "counts": counts(rows),
        "error_level": error_level,
        "sampled": sum("level" in row.decided_by for row in rows),
        "groups": groups(rows, [(line["bound"], line["title"]) for line in summary]) if rows else [],
        "unmeasured": [line["bound"] for line in summary if not line["rows"]],
        "verdicts": [(verdict, VERDICTS[verdict], _MARKS[verdict]) for verdict in Verdict],
        "coverage": coverage(rows),
        "modes": MODES,
        "figures": [
            (figure, prose(figure.caption), Markup(svg))
            for figure, svg in zip(figures, share_outlines([inline_svg(figure) for figure in figures]), strict=True)
        ],
        "rows": rows,
        "anchors": row_anchors(rows),
        "choices": _choices(rows),
        "listed": tables,
        "row_data": embedded(tables, manifest),
        "statements": statement_entries(summary, table, rows, figures),
        "stated": set(table.statements),
        "notation": notation(table),
        "tasks": task_entries(tasks),
        "companion": companion,
        "sections": [_section(section) for section in sections],
        "assumptions": {name: prose(text) for name, text in (ASSUMPTIONS | SETS).items()},
        "setting": [prose(part) for part in paragraphs(SETTING)],
        "gradients": {mode: prose(text) for mode, text in GRADIENTS.items()},
        "by_mode": [steady(table.quantity(name).mathml) for name in ("b", "sigma2")],
        "lemmas": lemma_entries(),
        "manifest": flattened(manifest),
        "again": shlex.join(map(str, manifest.get("command") or ["python", "-m", "reports.build"])),
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
        slug=slug,
        counted=counted,
        word=lambda verdict: VERDICTS[Verdict(verdict)],
        mark=lambda verdict: _MARKS[Verdict(verdict)],
        said=lambda found: words(found, VERDICTS),
        mode=mode_words,
    )
    return templates


def _choices(rows: Sequence[Row]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters: column, label, and the values that occur with their names."""
    return [
        ("bound", "Statement", [(name, name) for name in _distinct(row.bound for row in rows)]),
        ("task", "Task", [(name, name) for name in sorted({row.task for row in rows})]),
        ("mode", "Mode", [(name, mode_words(name)) for name in _distinct(row.mode for row in rows)]),
        ("verdict", "Verdict", [(v.value, VERDICTS[v]) for v in Verdict if any(row.verdict is v for row in rows)]),
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
