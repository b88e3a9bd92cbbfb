"""The preface: pieces of the training data, none of the held-out, within its size."""

from pathlib import Path

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


@pytest.mark.parametrize("size", [1, 100, 5000, 100_000])
def test_documents_end_in_the_preface(folder: Path, size: int) -> None:
    preface = choose(read_corpus([folder]), size).tobytes()
    assert 0.9 * size - 30 < len(preface) <= size
    assert size < 5000 or preface.count(b"file") == preface.count(b"\n")
    endings = {path.read_bytes()[-20:] for path in folder.iterdir()}
    assert size < 5000 or sum(ending in preface for ending in endings) >= size // 5000


def test_nothing_held_out_is_in_it(folder: Path) -> None:
    corpus = read_corpus([folder])
    preface = choose(corpus, 1 << 20).tobytes()
    assert len(preface) == corpus.size
    assert corpus.held_out[0].tobytes()[:16] not in preface


def test_a_document_is_taken_whole_if_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"no line ends here")
    (tmp_path / "b").write_bytes(b"nor here")
    corpus = read_corpus([tmp_path])
    assert choose(corpus, 25).size == corpus.size
    assert choose(corpus, 0).size == 0
