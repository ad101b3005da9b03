r"""The report as LaTeX: an appendix that compiles alone, and its pieces for \input into a paper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.figures import Figure
from reports.figures.style import TEXT
from reports.latex import Column, aligned_number, broken, code, escaped, floating_table, letters, number, prose
from reports.rows import Row, Verdict
from reports.store import write_atomically
from reports.tables import statement_order, summary_frame
from theory.latex_printer import name_latex
from theory.macros import macros
from theory.statements import ASSUMPTIONS, SETTING, Bound
from theory.tables import Table, default_table

ROWS_A_TABLE = 40
_LONGEST_NAME = 22
_FOLDERS = ("statements", "proofs", "tables", "figures")
_MODES = {
    "exact": "exact",
    "stochastic": "sto",
    "first_order": "FO",
    "first_order_stochastic": "FO sto",
    "hessian_free": "HF",
    "hessian_free_stochastic": "HF sto",
}
_HEADS = {
    Verdict.HOLDS: "holds",
    Verdict.VIOLATED: "violated",
    Verdict.VACUOUS: "vacuous",
    Verdict.NOT_APPLICABLE: "not appl.",
    Verdict.INCONCLUSIVE: "inconcl.",
}
_MACRO = r"\newcommand{{\{name}}}{{{body}}}"


@dataclass(frozen=True)
class Source:
    """A paper whose bounds are checked or whose setting is used."""

    key: str
    arxiv: str
    authors: tuple[str, ...]
    title: str
    year: int
    venue: str

    @property
    def bibtex(self) -> str:
        """The entry of a .bib file."""
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",
            "year": str(self.year),
            "journal": self.venue,
            "eprint": self.arxiv,
            "archiveprefix": "arXiv",
        }
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@article{{{self.key},\n{lines}\n}}\n"

    @property
    def item(self) -> str:
        """The entry of a bibliography set without BibTeX."""
        names = [" ".join(reversed(author.split(", "))) for author in self.authors]
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        return (
            rf"\bibitem{{{self.key}}} {listed}. {self.title}. \emph{{{self.venue}}}, {self.year}. arXiv {self.arxiv}."
        )


SOURCES = (
    Source(
        "jamali2025generalized",
        "2504.21327",
        ("Jamali, Mohammad Vahid", "Saber, Hamid", "Bae, Jung Hyun"),
        "A Generalized Meta Federated Learning Framework with Theoretical Convergence Guarantees",
        2025,
        "arXiv preprint",
    ),
    Source(
        "fallah2020personalized",
        "2002.07948",
        ("Fallah, Alireza", "Mokhtari, Aryan", "Ozdaglar, Asuman"),
        "Personalized Federated Learning: A Meta-Learning Approach",
        2020,
        "Advances in Neural Information Processing Systems",
    ),
    Source(
        "ji2022theoretical",
        "2002.07836",
        ("Ji, Kaiyi", "Yang, Junjie", "Liang, Yingbin"),
        "Theoretical Convergence of Multi-Step Model-Agnostic Meta-Learning",
        2022,
        "Journal of Machine Learning Research",
    ),
)


def write_appendix(
    folder: Path,
    rows: Sequence[Row],
    figures: Sequence[Figure],
    drawings: Path,
    manifest: Mapping[str, Any],
    error_level: float,
    table: Table | None = None,
) -> list[Path]:
    """Write the appendix and its pieces; pieces of an earlier report that this one lacks are removed.

    drawings: the folder that holds every figure as PDF under its name. table: the right sides, the theory's own unless
    one with claims is given. Returns the paths written.
    """
    pdfs = {figure.name: (drawings / f"{figure.name}.pdf").read_bytes() for figure in figures}
    shares = {name: _share(pdf) for name, pdf in pdfs.items()}
    files = {name: text.encode() for name, text in pieces(rows, figures, manifest, error_level, shares, table).items()}
    files |= {f"figures/{name}.pdf": pdf for name, pdf in pdfs.items()}
    for part in _FOLDERS:
        for old in sorted((folder / part).glob("*")):
            if f"{part}/{old.name}" not in files and old.suffix in (".tex", ".pdf"):
                old.unlink()
    for name, data in files.items():
        write_atomically(folder / name, data)
    return [folder / name for name in files]


def _share(pdf: bytes) -> float:
    """The share of the text width that a drawing has on the page it was made for; the whole where it does not say."""
    box = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([0-9.]+)", pdf)
    return min(1.0, round(float(box[1]) / (72 * TEXT), 2)) if box else 1.0


def pieces(
    rows: Sequence[Row],
    figures: Sequence[Figure],
    manifest: Mapping[str, Any],
    error_level: float,
    shares: Mapping[str, float] | None = None,
    table: Table | None = None,
) -> dict[str, str]:
    """Every text file of the appendix by its path: a pure function of the report.

    shares: the share of the text width that each figure takes, by its name; the whole width where it is not given.
    """
    table = table or default_table()
    bounds = list(table.bounds())
    tables = {"summary": summary_table(rows, table)} | dict(_row_tables(rows, table))
    texts = {f"statements/{_file(bound.id)}.tex": _statement(bound) for bound in bounds}
    texts |= {f"proofs/{_file(bound.id)}.tex": f"{prose(bound.proof)}\n" for bound in bounds}
    texts |= {f"tables/{name}.tex": text for name, text in tables.items()}
    texts |= {f"figures/{figure.name}.tex": _figure(figure, (shares or {}).get(figure.name, 1.0)) for figure in figures}
    texts["macros.tex"] = macros(default_table()) + number_macros(rows, error_level)
    texts["sources.bib"] = "\n".join(source.bibtex for source in SOURCES)
    texts["appendix.tex"] = _main(rows, list(tables)[1:], figures, manifest, table)
    return texts


# --- statements and figures ----------------------------------------------------------------------------------------


def cited(source: str) -> str:
    r"""A source with a citation after each paper that has one.

    >>> print(cited("arXiv 2002.07948, Lemma 4.2"))
    arXiv 2002.07948~\cite{fallah2020personalized}, Lemma 4.2
    """
    text = escaped(source)
    for paper in SOURCES:
        text = text.replace(f"arXiv {paper.arxiv}", rf"arXiv {paper.arxiv}~\cite{{{paper.key}}}")
    return text


def _file(bound: str) -> str:
    """The id of a bound as the stem of a file: letters, digits, dots and hyphens."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", bound).strip("-.") or "unnamed"


def _statement(bound: Bound) -> str:
    assumed = f"Assumes {', '.join(bound.assumptions)}. " if bound.assumptions else ""
    origin = cited(bound.source)
    if not bound.source.startswith(bound.provenance):
        origin = f"{bound.provenance}; {origin}"
    return "\n".join(
        [
            f"% {escaped(bound.id)}: {escaped(bound.title)}",
            prose(bound.claim),
            rf"\[ {broken(bound.latex)} \]",
            f"{assumed}{bound.kind.capitalize()}; {origin}.",
            "",
        ]
    )


def _figure(figure: Figure, share: float) -> str:
    width = rf"{'' if share == 1 else f'{share:g}'}\linewidth"
    return "\n".join(
        [
            r"\begin{figure}[!htbp]",
            r"\centering",
            rf"\includegraphics[width={width},height=0.8\textheight,keepaspectratio]{{figures/{figure.name}}}",
            rf"\caption{{{escaped(figure.title)}. {prose(figure.caption)}}}",
            rf"\label{{fig:{figure.name}}}",
            r"\end{figure}",
            "",
        ]
    )


# --- tables --------------------------------------------------------------------------------------------------------


def summary_table(rows: Sequence[Row], table: Table) -> str:
    """One line per statement: rows per verdict, and the smallest and largest tightness of its rows that hold."""
    lines = [line for line in summary_frame(rows, table).to_dict("records") if line["rows"]]
    shown = [v for v in Verdict if v in (Verdict.HOLDS, Verdict.VIOLATED) or any(row.verdict is v for row in rows)]
    columns = [
        Column("Bound", [_clipped(str(line["bound"])) for line in lines]),
        Column("Rows", [str(line["rows"]) for line in lines], "r"),
        *(Column(_HEADS[verdict], [str(line[verdict.value]) for line in lines], "r") for verdict in shown),
        Column("Loosest", [aligned_number(line["smallest_tightness"]) for line in lines], "n"),
        Column("Tightest", [aligned_number(line["largest_tightness"]) for line in lines], "n"),
        Column("on", [_clipped(str(line["largest_task"])) for line in lines]),
    ]
    caption = (
        "Rows per verdict, and the smallest and largest tightness (measured divided by predicted, one is attained) of "
        "the rows that hold."
    )
    return floating_table(columns, caption, "tab:summary")


def _row_tables(rows: Sequence[Row], table: Table) -> Iterator[tuple[str, str]]:
    """Name and text of the tables that list every row, at most ROWS_A_TABLE rows each."""
    used: set[str] = set()
    for bound in statement_order(rows, table):
        mine = [row for row in rows if row.bound == bound]
        stem = _fresh(f"rows-{_file(bound)}", used)
        for start in range(0, len(mine), ROWS_A_TABLE):
            part = mine[start : start + ROWS_A_TABLE]
            name = f"{stem}-{start // ROWS_A_TABLE + 1}"
            where = "" if len(part) == len(mine) else f", rows {start + 1} to {start + len(part)} of {len(mine)}"
            caption = f"Verdicts of {escaped(bound)}{where}."
            if start == 0:
                title = next((known.title for known in table.bounds() if known.id == bound), "")
                caption = f"Verdicts of {escaped(bound)}{f' ({escaped(title)})' if title else ''}{where}."
            yield name, floating_table(_row_columns(part, mine, table), caption, f"tab:{name}")


def _row_columns(rows: Sequence[Row], whole: Sequence[Row], table: Table) -> list[Column]:
    """The columns of some rows; a column that is the same dash in the whole list is left out."""
    columns = [
        Column("Task", [_clipped(row.task) for row in rows]),
        Column("Mode", [_MODES.get(row.mode, escaped(row.mode)) for row in rows]),
        Column(r"$\nu$", [str(row.nu) for row in rows], "r"),
    ]
    if len({row.quantity for row in whole}) > 1:
        columns.insert(0, Column("Bounds", [f"${_symbol(row.quantity, table)}$" for row in rows]))
    if any(row.tau is not None for row in whole):
        columns.append(Column(r"$\tau$", ["--" if row.tau is None else str(row.tau) for row in rows], "r"))
        columns.append(Column(r"$m/n$", [f"{row.n if row.m is None else row.m}/{row.n}" for row in rows], "r"))
    if any("D" in row.inputs for row in whole):
        columns.append(Column(r"$D$, $D'$, $D_H$", [_batches(row) for row in rows]))
    if any("delta" in row.inputs for row in whole):
        columns.append(Column(r"$\delta$", [_delta(row) for row in rows], "r"))
    columns += [
        Column("Measured", [aligned_number(row.measured) for row in rows], "n"),
        Column("Predicted", [aligned_number(row.predicted) for row in rows], "n"),
        Column("Ratio", [aligned_number(row.tightness) for row in rows], "n"),
        Column("Verdict", [_HEADS[row.verdict] for row in rows]),
    ]
    return columns


def _symbol(quantity: str, table: Table) -> str:
    return name_latex(quantity) if quantity in table.formulas else rf"\text{{{_clipped(quantity)}}}"


def _clipped(name: str) -> str:
    """A name short enough for a column; captions have it whole."""
    return escaped(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 3] + "...")


def _batches(row: Row) -> str:
    sizes = [row.inputs.get(key) for key in ("D", "D_prime", "D_H")]
    return ", ".join("--" if size is None else escaped(size) for size in sizes) if any(sizes) else "--"


def _delta(row: Row) -> str:
    return number(float(Fraction(row.inputs["delta"])), 2) if "delta" in row.inputs else "--"


# --- macros --------------------------------------------------------------------------------------------------------


def number_macros(rows: Sequence[Row], error_level: float) -> str:
    r"""Macros of the measured numbers: counts, and per quantity the row that holds with the largest tightness.

    >>> print(number_macros([], 1e-3).splitlines()[-1])
    \newcommand{\MFLinconclusive}{\ensuremath{0}}
    """
    lines = [
        "% Measured numbers of one report; a paper that cites them cannot go stale.",
        r"% \<Quantity>measured, ...predicted, ...tightness, ...task: the row that holds with the largest ratio of",
        r"% measured to predicted; \<Quantity>measured<Task> and so on: the same on one task.",
        _MACRO.format(name="MFLrows", body=number(len(rows), 9)),
        _MACRO.format(name="MFLtasks", body=number(len({row.task for row in rows}), 9)),
        _MACRO.format(name="MFLerrorlevel", body=number(error_level)),
        *(
            _MACRO.format(name=f"MFL{letters(verdict.value.lower())}", body=_count(rows, verdict))
            for verdict in Verdict
        ),
    ]
    used: set[str] = set()
    for stem, mine in _stems(rows):
        name = _fresh(stem, used)
        best = _tightest(mine)
        lines.append(f"% {escaped(mine[0].bound)}, {escaped(mine[0].quantity)}")
        lines.append(_MACRO.format(name=f"{name}rows", body=number(len(mine), 9)))
        lines.append(_MACRO.format(name=f"{name}holding", body=_count(mine, Verdict.HOLDS)))
        if best is not None:
            lines.append(_MACRO.format(name=f"{name}task", body=escaped(best.task)))
            lines += _headline(name, "", best)
            for suffix, task_rows in _by_task(mine):
                best_there = _tightest(task_rows)
                lines += _headline(name, suffix, best_there) if best_there is not None else []
    return "\n".join(lines) + "\n"


def _headline(name: str, suffix: str, row: Row) -> list[str]:
    values = {"measured": row.measured, "predicted": row.predicted, "tightness": row.tightness}
    return [_MACRO.format(name=f"{name}{word}{suffix}", body=number(value)) for word, value in values.items()]


def _count(rows: Sequence[Row], verdict: Verdict) -> str:
    return number(sum(row.verdict is verdict for row in rows), 9)


def _tightest(rows: Sequence[Row]) -> Row | None:
    held = [row for row in rows if row.verdict is Verdict.HOLDS and row.tightness is not None]
    return max(held, key=lambda row: row.tightness or 0.0, default=None)


def _stems(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """A macro stem and the rows of each bound and quantity; a quantity of several bounds is named after both."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.bound, row.quantity), []).append(row)
    shared = [quantity for _, quantity in groups]
    for (bound, quantity), mine in groups.items():
        alone = mine[0].provenance != "claim" or shared.count(quantity) == 1
        yield letters(quantity if alone else f"{bound} {quantity}"), mine


def _by_task(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    tasks: dict[str, list[Row]] = {}
    for row in rows:
        tasks.setdefault(row.task, []).append(row)
    used: set[str] = set()
    for task, mine in tasks.items():
        stem = letters(task)
        yield _fresh(stem[:1].upper() + stem[1:], used), mine


def _fresh(name: str, used: set[str]) -> str:
    """The name, with letters added where it is taken."""
    while name in used:
        name += "X"
    used.add(name)
    return name


# --- the main file -------------------------------------------------------------------------------------------------


def _main(
    rows: Sequence[Row], tables: Sequence[str], figures: Sequence[Figure], manifest: Mapping[str, Any], table: Table
) -> str:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    environment.filters.update(escaped=escaped, prose=prose, code=code, file=_file)
    lines = {line["bound"]: line for line in summary_frame(rows, table).to_dict("records")}
    bounds = list(table.bounds())
    context = {
        "title": str(manifest.get("title", "")),
        "groups": [
            ("Statements derived here", [bound for bound in bounds if bound.provenance == "derived"]),
            ("Published constants", [bound for bound in bounds if bound.provenance == "published"]),
            ("Claims registered by the user", [bound for bound in bounds if bound.provenance == "claim"]),
        ],
        "verdicts": {bound.id: _verdict_line(bound.id, lines[bound.id]) for bound in bounds},
        "setting": SETTING,
        "assumptions": ASSUMPTIONS,
        "tables": tables,
        "figures": figures,
        "sources": SOURCES,
        "facts": _facts(manifest),
        "command": _command(manifest),
        "distribution": str(manifest.get("distribution", "meta-fedavg-bounds")),
        "version": str(manifest.get("version", "")),
        "example": min(
            (row for row in rows if row.verdict is Verdict.HOLDS and row.provenance != "claim"),
            key=lambda row: len(str(row.inputs)),
            default=None,
        ),
    }
    return environment.get_template("appendix.tex.j2").render(context)


def _verdict_line(bound: str, line: Mapping[Any, Any]) -> str:
    """What was found, in a sentence."""
    if not line["rows"]:
        return "Not measured by this plan."
    counts = [f"{line[verdict.value]} {_HEADS[verdict]}" for verdict in Verdict if line[verdict.value]]
    text = f"{line['rows']} row{'s' if line['rows'] != 1 else ''}: {', '.join(counts)}"
    if line["largest_row"]:
        low, high = number(line["smallest_tightness"], 2), number(line["largest_tightness"])
        text += f"; tightness {low} to {high} (on {escaped(str(line['largest_task']))})"
    return f"{text}."


def _facts(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What must be the same to get the same numbers: no times, no paths."""
    versions = manifest.get("versions", {})
    pairs = [(key, manifest.get(key)) for key in ("plan", "seed", "seeds", "device", "python", "platform")]
    return [(key, str(value)) for key, value in pairs if value is not None] + [
        (str(name), str(version)) for name, version in versions.items()
    ]


def _command(manifest: Mapping[str, Any]) -> str:
    recorded = manifest.get("command") or ["python", "-m", "reports.build"]
    return " ".join(str(part) for part in recorded)
