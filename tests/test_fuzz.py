"""A fixed set of mutations, the same in every run; `python -m fuzz` goes on from here."""

import random
from pathlib import Path

import deflated
import pytest
from conftest import Counts
from fuzz import targets

import arzip
from arzip.models.registry import names

SAMPLES = sorted((Path(__file__).with_name("data") / arzip.__version__).glob("*.arz"))
TEXTS = (b"", b"abc", b"z" * 300, b"the quick brown fox jumps over the lazy dog. " * 9)
INTERESTING = (0, 1, 2, 3, 4, 0x18, 0x7F, 0x80, 0xE1, 0xFE, 0xFF)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """`data` after a few changes: of bits, bytes, lengths and order."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at, end = sorted((rng.randrange(len(out) + 1), rng.randrange(len(out) + 1)))
        match rng.randrange(7):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(out):
                out[at] = rng.choice(INTERESTING)
            case 2:
                del out[at : at + rng.randrange(1, 9)]
            case 3:
                out[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 4:
                out[at:at] = out[at:end]
            case 5:
                del out[end:]
            case _:
                out[at:end] = bytes(reversed(out[at:end]))
    return bytes(out)


def frames(model: Counts) -> list[bytes]:
    """One of each kind."""
    compressor = arzip.ArzipCompressor(model, segment_size=64)
    long = compressor.compress(b"".join(TEXTS)) + compressor.flush()
    return [*(arzip.compress(text, model=model) for text in TEXTS), long, long + long[:9]]


def test_the_container(model: Counts) -> None:
    rng = random.Random(1)
    for frame in frames(model):
        for _ in range(300):
            targets.container(mutated(frame, rng), model)


def test_the_container_behind_its_checksums(model: Counts) -> None:
    rng = random.Random(2)
    run, stored, modelled = b"\x04\x02\xac\x01\0", b"\x05\x01\x03abc", b"\x06\0\x20\x03\x08\x01\x02"
    accepted = 0
    for recipe in (run, run + stored, stored + modelled + run):
        for _ in range(400):
            frame = targets.signed_frame(mutated(recipe, rng), model.identity)
            accepted += targets.container(frame, model) is not None
    assert accepted > 50  # or else nothing but refusals would be compared


@pytest.mark.parametrize("name", names())
def test_the_decoder(name: str) -> None:
    rng = random.Random(3)
    samples = [path for path in SAMPLES if path.name.startswith(name)]
    small = [data for path in samples if len(data := path.read_bytes()) < 600]
    assert len(small) > 3
    for number in range(120):
        data = targets.decoder(mutated(small[number % len(small)], rng))
        assert data is None or len(data) <= targets.MOST_DATA


def test_unpacking() -> None:
    rng = random.Random(5)
    sample, opened = deflated.sample(), 0
    starts = [sample[at:] for at in (0, 9000, 20000)]
    for number in range(150):
        opened += targets.unpacker(mutated(starts[number % 3], rng)) is not None
    assert opened > 30


def test_packing() -> None:
    rng = random.Random(6)
    sample = deflated.sample()
    for _ in range(400):
        start = rng.randrange(len(sample))
        data = targets.packer(rng.randbytes(64) + sample[start : start + rng.randrange(2000)])
        assert data is None or len(data) <= targets.MOST_DATA


def test_model_files() -> None:
    rng = random.Random(4)
    accepted = 0
    for number in range(60):
        recipe = bytes([number % 4 | 0x80 * (number % 3 > 0)]) + rng.randbytes(
            66 * rng.randrange(3)
        )
        accepted += targets.model_file(targets.signed_model(recipe)) is not None
    assert 5 < accepted < 55
    file = targets.signed_model(b"")
    for _ in range(30):
        assert targets.model_file(mutated(file[:2000], rng) + file[2000:]) is None
