"""Records read one after another, every byte of each, whatever is wrong with some."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reports.records.record import DamagedRecordError, Record, unpacked
from reports.records.store import Store


def verified(store: Store, keys: Iterable[str]) -> Iterator[tuple[bytes, Record | DamagedRecordError]]:
    """Bytes and record of each key, or no bytes and what is wrong with it; without those that are deleted meanwhile."""
    for key in keys:
        try:
            data = store.content(key)
            yield data, unpacked(key, data)
        except FileNotFoundError:
            continue
        except DamagedRecordError as error:
            yield b"", error
