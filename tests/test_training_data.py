"""Documents to train on: what cannot be read is passed over, and who may read them is known."""

import bz2
import gzip
import lzma
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from arzip.training.data import read_corpus

TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(300))
PACKERS = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}


@pytest.mark.parametrize("ending", PACKERS)
def test_damaged_archives_are_passed_over(tmp_path: Path, ending: str) -> None:
    """With what could be read of them before."""
    (tmp_path / "a.txt").write_bytes(b"good")
    rng, packed = random.Random(5), PACKERS[ending](TEXT)
    for number in range(200):
        bad = bytearray(packed)
        for _ in range(rng.choice((1, 3, 30))):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        del bad[rng.choice((len(bad), rng.randrange(len(bad)))) :]
        (tmp_path / f"{number}{ending}").write_bytes(bad)
    corpus = read_corpus([tmp_path])
    assert b"good" in corpus.data.tobytes() + corpus.held_out[0].tobytes()


@pytest.mark.parametrize("change", [lambda path: os.chmod(path, 0o640), os.unlink])
def test_a_corpus_is_public_if_all_of_its_files_are(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(TEXT)
        os.chmod(tmp_path / name, 0o644)
    (tmp_path / "empty").touch(0o600)
    assert read_corpus([tmp_path]).is_public
    change(tmp_path / "b")
    assert read_corpus([tmp_path]).is_public == (not (tmp_path / "b").exists())
    assert read_corpus([tmp_path], ["*/b"]).is_public
