"""A report that was built before, for reading in Python: rows, curves and studies as data frames, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from reports.analyses.suite_file import SuiteFile
from reports.figures import inline_svg, read_curves, sorted_figures
from reports.figures.figure import Figure
from reports.judging.frames import results_frame
from reports.judging.rows import Row, VerdictFile, near_row
from reports.pages.html.formulas import prose
from reports.studies.registry import stored_figures
from reports.studies.study import FOLDER, read_frames
from theory.language.errors import near


class ReportError(ValueError):
    """A folder that holds no report of this version, or a row or figure that a report has not."""


@dataclass(frozen=True, eq=False)
class SavedFigure(Figure):
    """A figure of a finished report, which a notebook shows as a drawing with its caption."""

    def _repr_html_(self) -> str:
        """The drawing on white paper, whatever the notebook's theme, and the caption under it."""
        caption = f"<figcaption>{prose(self.caption)}</figcaption>"
        return f'<figure style="margin:0;padding:1em;background:white;color:black">{inline_svg(self)}{caption}</figure>'


@dataclass(frozen=True)
class SavedReport:
    """A finished report as its files have it; nothing is run or judged again.

    out: its folder. verdicts: every row. curves: the measured runs round by round beside their bounds.
    """

    out: Path
    verdicts: tuple[Row, ...] = field(repr=False)
    curves: pd.DataFrame = field(repr=False, compare=False)
    suite: SuiteFile = field(repr=False, compare=False)

    @property
    def rows(self) -> pd.DataFrame:
        """One line a row, with the columns of results.csv."""
        return results_frame(self.verdicts)

    def row(self, row_id: str) -> Row:
        """The row of that id.

        Raises:
            ReportError: there is none; it names the nearest.
        """
        found = {row.row_id: row for row in self.verdicts}
        if row_id not in found:
            raise ReportError(f"row {row_id}: not in {self.out}{near_row(row_id, found)}")
        return found[row_id]

    @cached_property
    def figures(self) -> Mapping[str, SavedFigure]:
        """Its figures by name: `.frame` is what one shows, `.draw(frame)` a matplotlib figure."""
        drawn, _ = sorted_figures(list(self.verdicts), self.curves, self.suite)
        return {figure.name: SavedFigure(**vars(figure)) for figure in (*drawn, *stored_figures(self.out))}

    def figure(self, name: str) -> SavedFigure:
        """The figure of that name, redrawn from the report's data; a notebook shows it.

        Raises:
            ReportError: there is none; it names the nearest.
        """
        if name not in self.figures:
            raise ReportError(f"figure {name}: not in {self.out}{near(name, self.figures)}")
        return self.figures[name]

    def study(self, name: str) -> dict[str, pd.DataFrame]:
        """The frames of a study, personalisation or scaling, by name.

        Raises:
            ReportError: the report has no such study.
        """
        if not (frames := read_frames(self.out, name)):
            known = ", ".join(sorted(path.name for path in (self.out / FOLDER).glob("*"))) or "none"
            raise ReportError(f"study {name}: not in {self.out}, which has {known}")
        return frames

    def _repr_html_(self) -> str:
        """How many rows of every verdict each statement has, as a notebook shows it."""
        head = f"<p>{escape(str(self.out))}: {len(self.verdicts)} rows</p>"
        return head + pd.crosstab(self.rows["bound"], self.rows["verdict"]).to_html() if self.verdicts else head


def load(out: str | Path = "out") -> SavedReport:
    """The report in a folder that `python -m reports.build` wrote.

    Raises:
        ReportError: there is none, or one of another version.
    """
    folder = Path(out)
    if not (folder / "verdicts.json").is_file():
        raise ReportError(f"{folder}: holds no verdicts.json; python -m reports.build --out {folder} makes one")
    try:
        rows = VerdictFile.model_validate_json((folder / "verdicts.json").read_bytes()).rows
        suite = SuiteFile.read(folder / "suite.json")
    except (ValidationError, ValueError) as error:
        raise ReportError(f"{folder}: of another version: {str(error).splitlines()[0]}; build it again") from None
    return SavedReport(folder, tuple(rows), read_curves(folder / "curves.csv"), suite)
