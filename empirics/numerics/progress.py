"""How far a long call is, for who waits at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def shown(names: Sequence[str], progress: bool) -> Iterator[str]:
    """The names, one after another; with progress a line on standard error says which one is at work.

    In a pipe or a file nothing is said.

    >>> list(shown(["L", "rho"], progress=False))
    ['L', 'rho']
    """
    if not progress:
        yield from names
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        line = bar.add_task("", total=len(names))
        for name in names:
            bar.update(line, description=f"estimating {name}")
            yield name
            bar.advance(line)
