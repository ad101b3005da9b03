"""What both commands ask of their options, and how they say what they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Say = Callable[[str], None]  # one line on how far the work is


class RefusedError(Exception):
    """Bad input: one line for the user; nothing has been run or written."""


def chosen(option: str, given: Sequence[str] | None, known: Sequence[str]) -> list[str]:
    """The names in a repeated, comma-separated option, in the order of the known ones; all of them by default.

    Raises:
        RefusedError: there is none, or one that is not known.
    """
    if given is None:
        return list(known)
    names = [one.strip() for entry in given for one in entry.split(",") if one.strip()]
    unknown = [one for one in names if one not in known]
    if unknown or not names:
        raise RefusedError(f"{option} {','.join(unknown)}: expected names among {', '.join(known)}")
    return [one for one in known if one in names]


def device(name: str) -> str:
    """The device of that name, or at hand for "auto".

    Raises:
        RefusedError: it is not here.
    """
    import empirics

    try:
        return str(empirics.device(name))
    except ValueError as error:
        raise RefusedError(f"--device {name}: {error}") from None
