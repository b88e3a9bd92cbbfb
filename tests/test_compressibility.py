"""What only looks random is given to the model; what is random is not."""

import base64
import zlib

import numpy as np
import pytest

from arzip.compressibility import is_incompressible

TEXT = b"the quick brown fox jumps over the lazy dog. " * 40


def random_bytes(n: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(n)


BLOCK = random_bytes(50_000, seed=1)
HIDDEN = {
    "base64": base64.b64encode(random_bytes(100_000)),
    "base85": base64.b85encode(random_bytes(100_000)),
    "a random block twice": BLOCK + random_bytes(777) + BLOCK,
    "a random block twice, 8 MiB apart": BLOCK + random_bytes(1 << 23) + BLOCK + BLOCK,
    "blocks of 16 random bytes, each many times": b"".join(
        random_bytes(16, seed=seed) for _ in range(20) for seed in range(40)
    ),
    "an island of text": random_bytes(4_000_000) + TEXT * 60 + random_bytes(4_000_000, seed=2),
    "text at the very end": random_bytes(4096) + TEXT,
    "every byte value in turn": bytes(range(256)) * 40,
    "16-bit numbers that walk": np.cumsum(np.random.default_rng(0).integers(-9, 10, 50_000))
    .astype("<i2")
    .tobytes(),
    "noisy grey levels": np.cumsum(np.random.default_rng(0).normal(0, 12, 100_000))
    .astype(np.int64)
    .astype(np.uint8)
    .tobytes(),
    "noisy colours": np.cumsum(np.random.default_rng(0).normal(0, 12, (40_000, 3)), axis=0)
    .astype(np.int64)
    .astype(np.uint8)
    .tobytes(),
    "real numbers": np.random.default_rng(0).normal(size=30_000).astype("<f4").tobytes(),
}


@pytest.mark.parametrize("data", HIDDEN.values(), ids=HIDDEN)
def test_what_only_looks_random_is_given_to_the_model(data: bytes) -> None:
    assert not is_incompressible(np.frombuffer(data, dtype=np.uint8))


@pytest.mark.parametrize("n", [4096, 5000, 12_345, 65_536, 1 << 20, (1 << 24) + 1])
def test_random_bytes_are_known_for_what_they_are(n: int) -> None:
    assert is_incompressible(np.frombuffer(random_bytes(n, seed=n), dtype=np.uint8))


def test_compressed_data_is_known_for_what_it_is() -> None:
    words = np.random.default_rng(0).choice(TEXT.split(), 100_000).tolist()
    packed = zlib.compress(b" ".join(words), 9)
    assert is_incompressible(np.frombuffer(packed, dtype=np.uint8))
