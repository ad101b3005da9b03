"""The papers whose bounds are checked or whose setting is used."""

from __future__ import annotations

from dataclasses import dataclass

from reports.pages.latex import escaped


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


def cited(source: str) -> str:
    r"""A source with a citation after each paper that has one.

    >>> print(cited("arXiv 2002.07948, Lemma 4.2"))
    arXiv 2002.07948~\cite{fallah2020personalized}, Lemma 4.2
    """
    text = escaped(source)
    for paper in SOURCES:
        text = text.replace(f"arXiv {paper.arxiv}", rf"arXiv {paper.arxiv}~\cite{{{paper.key}}}")
    return text
