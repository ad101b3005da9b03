"""The report as one self-contained page: no request leaves it, and without scripts nothing is lost but comfort."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import shlex
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

import theory
from reports.figures import Figure, inline_svg, share_outlines
from reports.figures.rounds import MODE_NAMES
from reports.rows import Row, Verdict
from reports.sections import Section
from reports.tables import ENOUGH_TASKS, coverage_frame, summary_frame
from theory.latex_printer import hypothesis_latex, name_latex
from theory.presentation import mathml, prose_html
from theory.statements import ASSUMPTIONS, SETTING
from theory.symbols import MODES
from theory.tables import Table

WORDS = {
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
_GROUPS = {
    "derived": "Statements derived here",
    "published": "Published constants",
    "claim": "Claims registered by the user",
}
_SCALE_DECADES = 4  # the small tightness scale runs from 1e-4 to 1
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LONG_LIST = 8


def render(
    rows: Sequence[Row], figures: Sequence[Figure], manifest: Mapping[str, Any], plan_title: str, error_level: float,
    table: Table | None = None, sections: Sequence[Section] = (),
) -> str:  # fmt: skip
    """The whole page as HTML text.

    rows: in the order in which the table first shows them. manifest: plain JSON values; its `plan` and `seed`, where
    present, complete the commands that repeat a row. error_level: the family-wise level of all verdicts decided by
    samples. table: the right sides, the theory's own unless one with claims is given. sections: what is shown between
    the figures and the rows. Every text that comes from rows, claims, titles or the manifest is escaped.
    """
    environment = _environment()
    table = table or theory.default_table()
    script = _source(environment, "page.js")
    anchors = row_anchors(rows)
    summary = summary_frame(rows, table).to_dict("records")
    measured = [line for line in summary if line["rows"]]
    context = {
        "plan_title": plan_title,
        "headline": headline(rows),
        "facts": _facts(rows),
        "counts": _counts(rows),
        "error_level": error_level,
        "sampled": sum("level" in row.decided_by for row in rows),
        "groups": [(title, [line for line in measured if line["provenance"] == key]) for key, title in _GROUPS.items()],
        "unmeasured": [line["bound"] for line in summary if not line["rows"]],
        "verdicts": _verdicts(Verdict),
        # the summary leaves out columns of zeros, but never the column of violations
        "columns": _verdicts(
            v for v in Verdict if v in (Verdict.HOLDS, Verdict.VIOLATED) or any(row.verdict is v for row in rows)
        ),
        "coverage": _coverage(rows),
        "modes": MODES,
        "figures": [
            (figure, _prose(figure.caption), Markup(svg))
            for figure, svg in zip(figures, share_outlines([inline_svg(figure) for figure in figures]), strict=True)
        ],
        "rows": rows,
        "anchors": anchors,
        "choices": _choices(rows),
        "statements": _statements(summary, table, rows, figures),
        "stated": set(table.statements),
        "sections": [_section(section) for section in sections],
        "assumptions": {name: _prose(text) for name, text in ASSUMPTIONS.items()},
        "setting": _prose(SETTING),
        "manifest": _flattened(manifest),
        "command": repeat_command,
        "evaluation": lambda row: evaluation_command(row, [file["file"] for file in manifest.get("claims", [])]),
        "style": Markup(_source(environment, "page.css")),
        "script": Markup(script),
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    return environment.get_template("page.html.j2").render(context)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        short=short_number,
        slug=slug,
        word=lambda verdict: WORDS[Verdict(verdict)],
        mark=lambda verdict: _MARKS[Verdict(verdict)],
        rank=lambda verdict: _ATTENTION.index(verdict),
        mode=lambda mode: MODE_NAMES.get(mode, mode),
        json=lambda value: json.dumps(value, ensure_ascii=False),
        interval=_interval,
        scale=_scale,
        sortable=_sortable,
    )
    return environment


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


# --- numbers and names ---------------------------------------------------------------------------------------------


def number(value: float | None, digits: int = 4) -> str:
    """A number as a reader sees it: significant digits, powers of ten written out, a dash where there is none.

    >>> number(0.91234567), number(1.5e-7), number(None), number(12.0)
    ('0.9123', '1.5×10⁻⁷', '–', '12')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.replace("-", "−")
    if not exponent:
        return mantissa
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return power if mantissa == "1" else f"{mantissa}×{power}"


def short_number(value: float | None) -> str:
    """A number with two significant digits, enough to compare at a glance."""
    return number(value, 2)


def slug(text: str) -> str:
    """A text as a fragment that needs no escaping in an address.

    >>> slug("S4:L_F:cosine:nu=2")
    'S4-L_F-cosine-nu-2'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-")


def row_anchors(rows: Sequence[Row]) -> dict[str, str]:
    """Row id to anchor: readable, stable, and unique also where two ids differ only in punctuation."""
    seen: Counter[str] = Counter()
    anchors = {}
    for row in rows:
        base = f"row-{slug(row.row_id)}"
        seen[base] += 1
        anchors[row.row_id] = base if seen[base] == 1 else f"{base}--{seen[base]}"
    return anchors


def repeat_command(row: Row) -> str:
    """The command that measures this row alone again and compares it with the stored one, bit for bit."""
    return shlex.join(["python", "-m", "reports.build", "--reproduce", row.row_id])


def evaluation_command(row: Row, claims: Sequence[str] = ()) -> str:
    """The command that evaluates a row's right side exactly; a claim's needs the files of the claims."""
    inputs = [f"{key}={value}" for key, value in row.inputs.items()]
    files = [word for file in claims if row.provenance == "claim" for word in ("--claims", file)]
    return shlex.join(["python", "-m", "theory", "eval", row.quantity, *inputs, *files, "--json"])


# --- what the page says first --------------------------------------------------------------------------------------


def headline(rows: Sequence[Row]) -> str:
    """The finding in one sentence: violations first, else how many bounds have a row that holds.

    >>> headline([])
    'Nothing was measured'
    """
    if not rows:
        return "Nothing was measured"
    measured = list(dict.fromkeys(row.bound for row in rows))
    violated = list(dict.fromkeys(row.bound for row in rows if row.verdict is Verdict.VIOLATED))
    if violated:
        verb = "is" if len(violated) == 1 else "are"
        return f"{len(violated)} of {len(measured)} bounds {verb} violated: {', '.join(violated)}"
    held = {row.bound for row in rows if row.verdict is Verdict.HOLDS}
    if len(held) == len(measured) > 1:
        return f"No bound is violated; all {len(measured)} are confirmed on at least one task"
    verb = "is" if len(held) == 1 else "are"
    return f"No bound is violated; {len(held)} of {len(measured)} {verb} confirmed on at least one task"


@dataclass(frozen=True)
class _Facts:
    rows: int
    tasks: list[str]
    modes: list[str]
    steps: str
    tightest: Row | None


def _facts(rows: Sequence[Row]) -> _Facts:
    held = [row for row in rows if row.verdict is Verdict.HOLDS and row.tightness is not None]
    steps = sorted({row.nu for row in rows})
    return _Facts(
        rows=len(rows),
        tasks=_distinct(row.task for row in rows),
        modes=[mode for mode in MODES if any(row.mode == mode for row in rows)],
        steps=", ".join(str(nu) for nu in steps),
        tightest=max(held, key=lambda row: row.tightness or 0.0, default=None),
    )


def _verdicts(chosen: Iterable[Verdict]) -> list[tuple[Verdict, str, str]]:
    return [(verdict, WORDS[verdict], _MARKS[verdict]) for verdict in chosen]


def _counts(rows: Sequence[Row]) -> list[tuple[Verdict, int, float]]:
    """Verdict, number of rows, share in percent; every verdict, in the order of the enum."""
    counted = Counter(row.verdict for row in rows)
    return [(verdict, counted[verdict], 100 * counted[verdict] / max(1, len(rows))) for verdict in Verdict]


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


# --- tables --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Coverage:
    """Per statement its cells by mode (None where it does not speak about the mode), and the thin ones with reasons."""

    lines: list[tuple[str, dict[str, int]]]
    thin: Sequence[Mapping[Hashable, Any]]
    outside: list[str]
    enough: int = ENOUGH_TASKS


def _coverage(rows: Sequence[Row]) -> _Coverage:
    records = coverage_frame(rows).to_dict("records")
    measured = {row.bound for row in rows}
    inside = [line for line in records if line["bound"] in measured]
    cells: dict[str, dict[str, int]] = {}
    for line in inside:
        cells.setdefault(line["bound"], {})[line["mode"]] = line["tasks"]
    thin = [line for line in inside if line["tasks"] < ENOUGH_TASKS]
    outside = _distinct(line["bound"] for line in records if line["bound"] not in measured)
    return _Coverage(list(cells.items()), thin, outside)


def _choices(rows: Sequence[Row]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The filters: column, label, and the values that occur with their names."""
    return [
        ("bound", "Bound", [(name, name) for name in _distinct(row.bound for row in rows)]),
        ("task", "Task", [(name, name) for name in sorted({row.task for row in rows})]),
        ("mode", "Mode", [(name, MODE_NAMES.get(name, name)) for name in _distinct(row.mode for row in rows)]),
        ("verdict", "Verdict", [(v.value, WORDS[v]) for v in Verdict if any(row.verdict is v for row in rows)]),
    ]


def _interval(row: Row) -> str:
    """The confidence limits of a row where they differ from the measured value in what is shown."""
    if row.lower is None or row.upper is None or number(row.lower) == number(row.upper):
        return ""
    return f"[{number(row.lower, 3)}, {number(row.upper, 3)}]"


def _sortable(value: float | None) -> str:
    """A number for the script to sort by; empty sorts last."""
    return "" if value is None or math.isnan(value) else repr(float(value))


def _scale(value: float) -> float | None:
    """The place of a tightness on the small logarithmic scale, 0 (at most 1e-4) to 100 (one)."""
    if pd.isna(value) or value <= 0:
        return None
    return round(100 * min(1.0, max(0.0, 1 + math.log10(value) / _SCALE_DECADES)), 1)


# --- statements and manifest ---------------------------------------------------------------------------------------


def _statements(
    summary: Sequence[Mapping[Hashable, Any]], table: Table, rows: Sequence[Row], figures: Sequence[Figure]
) -> list[dict[str, Any]]:
    lines = {line["bound"]: line for line in summary}
    return [
        _statement(bound, lines[bound.id], table)
        | {"by_task": _by_task(bound.id, rows), "figure": _figure_of(bound.id, figures)}
        for bound in table.bounds()
    ]


def _by_task(bound: str, rows: Sequence[Row]) -> list[Row]:
    """On each task the row that holds with the largest tightness, the tightest first."""
    best: dict[str, Row] = {}
    for row in rows:
        if row.bound == bound and row.verdict is Verdict.HOLDS and row.tightness is not None:
            known = best.get(row.task)
            if known is None or row.tightness > (known.tightness or 0.0):
                best[row.task] = row
    return sorted(best.values(), key=lambda row: -(row.tightness or 0.0))


def _figure_of(bound: str, figures: Sequence[Figure]) -> tuple[int, Figure] | None:
    """The figure about a statement, with its number; else the one about all statements, if there is one."""
    numbered = list(enumerate(figures, 1))
    about = [entry for entry in numbered if bound in entry[1].bounds]
    return next(iter(about or [entry for entry in numbered if not entry[1].bounds]), None)


def _section(section: Section) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "paragraphs": [_prose(text) for text in section.paragraphs],
        "tables": section.tables,
    }


def _statement(bound: theory.Bound, line: Mapping[Hashable, Any], table: Table) -> dict[str, Any]:
    return {
        "bound": bound,
        "line": line,
        "formula": _steady(bound.mathml),
        "claim": _prose(bound.claim),
        "proof": [_prose(part) for part in _paragraphs(bound.proof)],
        "hypotheses": [_inline(hypothesis_latex(item)) for item in bound.hypotheses],
        "units": [(_inline(name_latex(name)), _unit(table.quantity(name).unit)) for name in bound.quantities],
    }


def _prose(text: str) -> Markup:
    """Text with $inline formulas$ as HTML; a formula outside the subset that has MathML stays as it is typed."""
    try:
        return _steady(prose_html(text))
    except ValueError:
        return escape(text)


def _inline(latex: str) -> Markup:
    return _steady(mathml(latex, "inline"))


def _steady(html: str) -> Markup:
    """MathML in which a plain bracket keeps its size: only fences, which carry an attribute, are meant to grow."""
    return Markup(re.sub(r"<mo>([()\[\]{}|‖])</mo>", r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', html))


def _unit(unit: object) -> str:
    """A unit such as F^2/W^2 with raised exponents."""
    raised = re.sub(r"\^(-?\d+)", lambda power: power[1].translate(_SUPERSCRIPTS), str(unit))
    return "dimensionless" if raised == "1" else raised


def _paragraphs(text: str) -> list[str]:
    """Paragraphs of a proof: blank lines separate them; a line may end anywhere else."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _flattened(manifest: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str, list[str]]]:
    """(dotted key, text, long list): nested mappings by dotted keys, long lists apart so that they can be folded."""
    lines: list[tuple[str, str, list[str]]] = []
    for key, value in manifest.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            lines += _flattened(value, f"{name}.")
        elif isinstance(value, list | tuple) and len(value) > _LONG_LIST and name != "command":
            lines.append((name, f"{len(value)} entries", [str(item) for item in value]))
        elif isinstance(value, list | tuple):
            lines.append((name, " ".join(str(item) for item in value), []))
        else:
            lines.append((name, str(value), []))
    return lines
