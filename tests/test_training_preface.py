"""The preface: pieces of the training data, none of the held-out, within its size."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'arzip[torch]'")

from arzip.training.data import read_corpus
from arzip.training.preface import choose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(300):
        lines = [b"file %d, line %d\n" % (i, k) for k in range(10 + i)]
        (tmp_path / f"{i}.txt").write_bytes(b"".join(lines))
    return tmp_path


@pytest.mark.parametrize("size", [0, 2000, 5000, 100_000])
def test_it_is_whole_lines_of_the_data(folder: Path, size: int) -> None:
    corpus = read_corpus([folder])
    preface = choose(corpus, size).tobytes()
    assert 0.9 * size - 500 < len(preface) <= size
    assert preface.count(b"file") == preface.count(b"\n")
    assert set(preface.splitlines()) <= set(corpus.data.tobytes().splitlines())


def test_what_documents_share_is_taken_and_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [rng.bytes(30).hex().encode() for _ in range(540)]
    shared = lines[:40]  # 2,440 bytes
    for i in range(1, 11):
        own = lines[50 * i : 50 * i + 40]
        (tmp_path / str(i)).write_bytes(b"\n".join([*own[: 4 * i], *shared, *own[4 * i :], b""]))
    preface = choose(read_corpus([tmp_path]), 5000).tobytes().splitlines()
    assert set(shared) < set(preface)
    assert sum(line in shared for line in preface) < 60
    assert len(preface) > 70


def test_nothing_held_out_is_in_it(folder: Path) -> None:
    corpus = read_corpus([folder])
    preface = choose(corpus, corpus.size).tobytes()
    assert preface == corpus.data.tobytes()
    assert corpus.held_out[0].tobytes()[:16] not in preface


def test_a_document_is_taken_whole_if_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no line ends here")
    (tmp_path / "b").write_bytes(b"nor here")
    corpus = read_corpus([tmp_path])
    assert choose(corpus, 25).size == corpus.size
    assert choose(corpus, 0).size == 0
