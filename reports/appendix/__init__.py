r"""The report as LaTeX: an appendix that compiles alone, and its pieces for \input into a paper."""

from __future__ import annotations

from reports.appendix.headline_numbers import number_macros
from reports.appendix.sources import SOURCES, cited
from reports.appendix.writing import pieces, write_appendix

__all__ = ["SOURCES", "cited", "number_macros", "pieces", "write_appendix"]
