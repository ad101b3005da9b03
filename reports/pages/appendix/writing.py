"""The appendix as files: every piece by its path, written whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reports.analyses.suite_file import SuiteFile
from reports.figures import Figure
from reports.figures.style import TEXT
from reports.judging.rows import Row
from reports.pages.appendix.floats import drawn_width, figure_piece
from reports.pages.appendix.forms import FORMS, TEXT_FORM
from reports.pages.appendix.foundations import lemmas_piece, notation_piece, setting_piece
from reports.pages.appendix.headline_numbers import number_macros
from reports.pages.appendix.layout import LAYOUT
from reports.pages.appendix.main_file import main_file
from reports.pages.appendix.names import file_stem
from reports.pages.appendix.parts import proof_piece, statement_piece
from reports.pages.appendix.row_tables import row_tables
from reports.pages.appendix.sources import SOURCES
from reports.pages.appendix.suite_tables import suite_tables
from reports.pages.appendix.summary_table import summary_table
from reports.records.store import write_atomically
from theory.macros import macros
from theory.tables import Table, default_table

_FOLDERS = (*(f"{form.folder}{part}" for form in FORMS for part in ("statements", "proofs", "tables")), "figures")


def write_appendix(
    folder: Path,
    rows: Sequence[Row],
    figures: Sequence[Figure],
    drawings: Path,
    manifest: Mapping[str, Any],
    error_level: float,
    table: Table | None = None,
    suite: SuiteFile | None = None,
    dimensions: Mapping[str, int] = MappingProxyType({}),
) -> list[Path]:
    """Write the appendix and its pieces; pieces of an earlier report that this one lacks are removed.

    drawings: the folder that holds every figure as PDF under its name. table: the right sides, the theory's own unless
    one with claims is given. suite: what the suite found out about its own bounds. dimensions: d of each task that is
    known. Returns the paths written.
    """
    pdfs = {figure.name: (drawings / f"{figure.name}.pdf").read_bytes() for figure in figures}
    shares = {name: min(1.0, round(drawn_width(pdf) / TEXT, 2)) for name, pdf in pdfs.items()}
    texts = pieces(rows, figures, manifest, error_level, shares, table, suite, dimensions)
    files = {name: text.encode() for name, text in texts.items()}
    files |= {f"figures/{name}.pdf": pdf for name, pdf in pdfs.items()}
    for part in _FOLDERS:
        for old in sorted((folder / part).glob("*")):
            if f"{part}/{old.name}" not in files and old.suffix in (".tex", ".pdf"):
                old.unlink()
    for name, data in files.items():
        write_atomically(folder / name, data)
    return [folder / name for name in files]


def pieces(
    rows: Sequence[Row],
    figures: Sequence[Figure],
    manifest: Mapping[str, Any],
    error_level: float,
    shares: Mapping[str, float] | None = None,
    table: Table | None = None,
    suite: SuiteFile | None = None,
    dimensions: Mapping[str, int] = MappingProxyType({}),
) -> dict[str, str]:
    """Every text file of the appendix by its path: a pure function of the report.

    shares: the share of the text width that each figure takes, by its name; the whole width where it is not given.
    """
    table, suite = table or default_table(), suite or SuiteFile()
    bounds, shares = list(table.bounds()), shares or {}
    texts: dict[str, str] = {}
    listed = {form: row_tables(rows, table, form, dimensions) for form in FORMS}
    about = {form: suite_tables(suite, form) for form in FORMS}
    for form in FORMS:
        tables = {"summary": summary_table(rows, table, form)} | about[form]
        tables |= {one.name: one.text for one in listed[form]}
        parts = {f"statements/{file_stem(bound.id)}": statement_piece(bound, form) for bound in bounds}
        parts |= {f"proofs/{file_stem(bound.id)}": proof_piece(bound, form) for bound in bounds}
        parts |= {f"tables/{name}": text for name, text in tables.items()}
        parts |= {
            "setting": setting_piece(table, form),
            "notation": notation_piece(table),
            "lemmas": lemmas_piece(form),
        }
        texts |= {f"{form.folder}{name}.tex": text for name, text in parts.items()}
    texts |= {f"figures/{one.name}.tex": figure_piece(one, shares.get(one.name, 1.0)) for one in figures}
    texts["macros.tex"] = LAYOUT + macros(default_table()) + number_macros(rows, error_level, suite)
    texts["sources.bib"] = "\n".join(source.bibtex for source in SOURCES)
    texts["appendix.tex"] = main_file(rows, listed, list(about[TEXT_FORM]), figures, manifest, table)
    return texts
