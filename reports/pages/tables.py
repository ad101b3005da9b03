"""Tables that float: over one column of a document, or over its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, its cells in LaTeX, l or r or n; n is a number over two columns."""

    head: str
    cells: Sequence[str]
    kind: str = "l"

    @property
    def specification(self) -> str:
        """What tabular wants to know."""
        return r"r@{\,}l" if self.kind == "n" else self.kind

    @property
    def title(self) -> str:
        """The head over as many columns as the cells take."""
        return rf"\multicolumn{{2}}{{c}}{{{self.head}}}" if self.kind == "n" else self.head


def floating_table(
    columns: Sequence[Column], caption: str, label: str, *, spans: bool = True,
    above: Sequence[Sequence[str]] = (), below: Sequence[Sequence[str]] = (),
) -> str:  # fmt: skip
    r"""A floating table with rules above, below and under its heads, small enough for narrow pages.

    spans: a table*, over the text, which in a document of one column is a table. above: for every line of cells, lines
    of text over all columns that stand above it. below: for every line of cells, lines that go on in its first column.

    >>> print(floating_table([Column("a", ["1"], "r")], "One.", "tab:one", spans=False))
    \begin{table}[!htbp]
    \centering\scriptsize
    \setlength{\abovecaptionskip}{0pt}\setlength{\belowcaptionskip}{5pt}\setlength{\tabcolsep}{3pt}
    \caption{One.}
    \label{tab:one}
    \begin{tabular}{@{}r@{}}
    \toprule
    a \\
    \midrule
    1 \\
    \bottomrule
    \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    kind = "table*" if spans else "table"
    rows = [" & ".join(cells) + r" \\" for cells in zip(*(column.cells for column in columns), strict=True)]
    across = sum(2 if column.kind == "n" else 1 for column in columns)
    lines = []
    for place, row in enumerate(rows):
        over = above[place] if above else ()
        lines += [rf"\multicolumn{{{across}}}{{@{{}}l@{{}}}}{{{text}}} \\" for text in over]
        lines.append(rf"{row}[2pt]" if over else row)
        lines += [rf"{text} \\" for text in (below[place] if below else ())]
    return "\n".join(
        [
            rf"\begin{{{kind}}}[!htbp]",
            r"\centering\scriptsize",
            r"\setlength{\abovecaptionskip}{0pt}\setlength{\belowcaptionskip}{5pt}\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{caption}}}",
            rf"\label{{{label}}}",
            rf"\begin{{tabular}}{{@{{}}{''.join(column.specification for column in columns)}@{{}}}}",
            r"\toprule",
            " & ".join(column.title for column in columns) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            rf"\end{{{kind}}}",
            "",
        ]
    )
