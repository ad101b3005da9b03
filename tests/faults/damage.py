"""What may happen to the file of a record, by name: each leaves something under the key that is not its record."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.reports.forging import forged, taken_apart

Damage = Callable[[Path], None]
DAMAGES: dict[str, Damage] = {}


def _damage(function: Damage) -> Damage:
    DAMAGES[function.__name__] = function
    return function


@_damage
def emptied(path: Path) -> None:
    path.write_bytes(b"")


@_damage
def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@_damage
def cut_to_a_few_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


@_damage
def cut_by_one_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@_damage
def a_bit_of_an_array_flipped(path: Path) -> None:
    """The middle of the file is in an array of all records but the smallest."""
    flip(path, path.stat().st_size // 2)


@_damage
def a_bit_of_the_words_flipped(path: Path) -> None:
    flip(path, path.read_bytes().index(b'"cell"') + 1)


@_damage
def null(path: Path) -> None:
    path.write_bytes(b"null")


@_damage
def a_list(path: Path) -> None:
    path.write_bytes(b"[]\n" * 40)


@_damage
def a_list_for_words(path: Path) -> None:
    path.write_bytes(forged([], taken_apart(path)[1]))


@_damage
def without_words(path: Path) -> None:
    path.write_bytes(forged(None, taken_apart(path)[1]))


@_damage
def without_a_checksum(path: Path) -> None:
    """The same arrays, saved by somebody else."""
    buffer = io.BytesIO()
    np.savez(buffer, **taken_apart(path)[1])  # type: ignore[arg-type]
    path.write_bytes(buffer.getvalue())


@_damage
def of_another_format(path: Path) -> None:
    words, arrays = taken_apart(path)
    path.write_bytes(forged({**words, "format": 3}, arrays))


@_damage
def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@_damage
def a_link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@_damage
def another_cell_s(path: Path) -> None:
    """As after a swap of two names: a whole record, of another key."""
    words, arrays = taken_apart(path)
    path.write_bytes(forged({**words, "cell": {**words["cell"], "seed": -1}}, arrays))


def flip(path: Path, place: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


# what the first bytes of a file do not show
UNSEEN = ("cut_in_half", "cut_by_one_byte", "a_bit_of_an_array_flipped", "another_cell_s")
