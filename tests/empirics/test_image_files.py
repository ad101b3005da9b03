"""Published image formats, read from tiny files that the tests write byte by byte."""

from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np
import pytest

from empirics import InputError, read_cifar10, read_emnist, read_idx


def idx(array, kind):
    """An IDX file after its published description: 0, 0, type, axes, big-endian lengths, entries."""
    header = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("kind", "dtype"), [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")])
@pytest.mark.parametrize("compressed", [False, True])
def test_idx_arrays_come_back_bit_for_bit(tmp_path, kind, dtype, compressed):
    values = np.arange(-6, 18).reshape(2, 3, 4).astype(dtype)
    content = idx(values, kind)
    path = written(tmp_path, "values", gzip.compress(content) if compressed else content)
    found = read_idx(path)
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


def test_emnist_images_are_turned_and_scaled(tmp_path):
    # Column-major on disk, as published: the file's rows are the picture's columns.
    pictures = np.arange(2 * 28 * 28).reshape(2, 28, 28).astype(np.uint8)
    images = written(tmp_path, "emnist-images.gz", gzip.compress(idx(pictures.transpose(0, 2, 1), 8)))
    labels = written(tmp_path, "emnist-labels", idx(np.array([46, 0], np.uint8), 8))
    pixels, classes = read_emnist(images, labels)
    assert pixels.shape == (2, 1, 28, 28)
    assert np.array_equal(pixels[:, 0] * 255, pictures)
    assert classes.dtype == np.int64
    assert classes.tolist() == [46, 0]
    as_stored, _ = read_emnist(images, labels, transposed=False)
    assert np.array_equal(as_stored[:, 0].transpose(0, 2, 1), pixels[:, 0])


def test_cifar_records_are_label_then_planes(tmp_path):
    rng = np.random.default_rng(0)
    pictures, labels = rng.integers(0, 256, size=(3, 3, 32, 32), dtype=np.uint8), [9, 0, 4]
    records = [bytes([label]) + picture.tobytes() for label, picture in zip(labels, pictures, strict=True)]
    first = written(tmp_path, "data_batch_1.bin", records[0] + records[1])
    second = written(tmp_path, "test_batch.bin", records[2])
    pixels, classes = read_cifar10([first, second])
    assert np.array_equal(pixels * 255, pictures)
    assert classes.tolist() == labels
    assert read_cifar10(second)[0].shape == (1, 3, 32, 32)


def test_a_pickle_is_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = written(tmp_path, "data_batch_1", pickle.dumps(Bomb()))
    with pytest.raises(InputError, match=r"data_batch_1 is a pickle: expected the binary version"):
        read_cifar10(path)
    assert not (tmp_path / "ran").exists()


def test_errors_name_the_file_and_what_was_expected(tmp_path):
    good = idx(np.zeros((2, 3), np.uint8), 8)
    cases = {
        "empty begins with nothing: expected an IDX file": ("empty", b""),
        r"text begins with 68 65 6c 6c": ("text", b"hello"),
        r"kind begins with 00 00 07 01": ("kind", b"\0\0\x07\x01\0\0\0\x01\0"),
        r"header has 7 bytes: expected at least 12": ("header", b"\0\0\x08\x02\0\0\0"),
        r"short has 17 bytes: expected 18 for uint8 of shape \(2, 3\)": ("short", good[:-1]),
        r"long has 19 bytes: expected 18": ("long", good + b"\0"),
        r"cut.gz begins as gzip but cannot be uncompressed": ("cut.gz", gzip.compress(good)[:-9]),
    }
    for message, (name, content) in cases.items():
        with pytest.raises(InputError, match=message):
            read_idx(written(tmp_path, name, content))
    with pytest.raises(InputError, match="nowhere is no file"):
        read_idx(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"short\.bin has 3072 bytes: expected a multiple of 3073"):
        read_cifar10(written(tmp_path, "short.bin", bytes(3072)))
    with pytest.raises(InputError, match="record 1 has label 10"):
        read_cifar10(written(tmp_path, "label.bin", bytes(3073) + b"\x0a" + bytes(3072)))
    with pytest.raises(InputError, match="paths is empty"):
        read_cifar10([])


def test_images_and_labels_must_belong_together(tmp_path):
    images = written(tmp_path, "images", idx(np.zeros((2, 4, 4), np.uint8), 8))
    flat = written(tmp_path, "flat", idx(np.zeros((2, 4), np.uint8), 8))
    labels = written(tmp_path, "labels", idx(np.zeros(3, np.uint8), 8))
    with pytest.raises(InputError, match=r"2 images, .*labels 3 labels"):
        read_emnist(images, labels)
    with pytest.raises(InputError, match=r"flat holds uint8 of shape \(2, 4\)"):
        read_emnist(flat, labels)
    with pytest.raises(InputError, match="images holds uint8"):
        read_emnist(images, images)
