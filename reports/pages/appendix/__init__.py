r"""The report as LaTeX: an appendix that compiles alone, and its pieces for \input into a paper."""

from __future__ import annotations

from reports.pages.appendix.headline_numbers import number_macros
from reports.pages.appendix.sources import SOURCES, cited
from reports.pages.appendix.writing import pieces, write_appendix

__all__ = ["SOURCES", "cited", "number_macros", "pieces", "write_appendix"]
