"""Deflate streams for the tests, and what is told of them."""

import gzip
import io
import struct
import zipfile
import zlib

import numpy as np

from arzip import coder
from arzip.unpacking import blocks, chains, encoders, layers, matcher, paths, pictures, streams
from arzip.unpacking.decisions import Decisions

TEXT = b"".join(b"the cat %d sat on the mat, %d times;\n" % (k * k % 97, k) for k in range(3000))
NOISE = np.random.default_rng(0).integers(0, 256, 5000, dtype=np.uint8).tobytes()


def deflate(
    data: bytes, level: int = 6, bits: int = -15, memory: int = 8, strategy: int = 0
) -> bytes:
    compressor = zlib.compressobj(level, zlib.DEFLATED, bits, memory, strategy)
    return compressor.compress(data) + compressor.flush()


def cheapest(data: bytes) -> bytes:
    """A stream of one block in the fixed code, whose tokens are the cheapest way."""
    plain = np.frombuffer(bytearray(data), dtype=np.uint8)
    path = paths.path()
    paths.lay(path, chains.chains(matcher.COMPLETE), plain, 0, plain.size)
    block, tokens, at = blocks.block_of(plain.size), 0, 0
    while at < plain.size:
        block.lengths[tokens], block.distances[tokens] = path.length[at], path.distance[at]
        at += max(int(path.length[at]), 1)
        tokens += 1
    block.about[blocks.KIND], block.about[blocks.FINAL] = blocks.FIXED, 1
    block.about[blocks.TOKENS] = tokens
    out = np.zeros(plain.size + 2000, dtype=np.uint8)
    return out[: (blocks.write(block, plain, 0, out, 0) + 7) // 8].tobytes()


def in_pdf(about: bytes, data: bytes) -> bytes:
    """An object of a PDF file with a stream."""
    return b"7 0 obj <<" + about + b">>\nstream\r\n" + zlib.compress(data) + b"\nendstream endobj"


def sample() -> bytes:
    """Some of each: streams one after the other, an archive, a picture, one stream in another."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("a", "b"):
            file.writestr(zipfile.ZipInfo(name), TEXT[:4000], zipfile.ZIP_DEFLATED)
    streams = b"".join(zlib.compress(TEXT[:3000], level) for level in range(10))
    strange = bytearray(out.getvalue())
    strange[14:18] = bytes(4)
    way = b"x\x9c" + cheapest(TEXT[:9000]) + zlib.adler32(TEXT[:9000]).to_bytes(4, "big")
    rows = np.repeat(np.arange(900, dtype=np.uint8), 2).reshape(36, 50)
    filtered = np.insert(np.diff(rows, axis=0, prepend=np.uint8(0)), 0, 2, axis=1)
    return b"".join(
        (
            streams + out.getvalue() + strange + picture() + way,
            in_pdf(
                b"/Subtype /Image /DecodeParms <</Predictor 12 /Columns 50>>", filtered.tobytes()
            ),
            np.random.default_rng(2).bytes(25_000),
            gzip.compress(zlib.compress(TEXT), 1, mtime=0),
        )
    )


def chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def picture(height: int = 100, width: int = 80) -> bytes:
    """A PNG file of three colours, in chunks, each row filtered by what is to the left."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x + y, x * 2 + y, y * 2], axis=2).astype(np.uint8)
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 0] = 1
    start = np.zeros((height, 1, 3), dtype=np.uint8)
    rows[:, 1:] = np.diff(pixels, axis=1, prepend=start).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    stream = zlib.compress(rows.tobytes(), 9)
    return (
        pictures.SIGNATURE
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", stream[:100])
        + chunk(b"IDAT", stream[100:])
        + chunk(b"IEND", b"")
    )


def told(stream: bytes) -> tuple[int, bytes]:
    """How many bytes tell a stream, given its plain text; and the stream that comes of them."""
    src = np.frombuffer(stream, dtype=np.uint8)
    found, _ = streams.inflate(src, 1 << 24, blocks.block_of(0))
    assert found is not None
    settings = encoders.guess(src, found.plain, found.farthest).values()
    encoder = coder.Encoder()
    decisions = Decisions(layers.odds(), encoder.add)
    streams.pass_on(decisions, found.plain, src, settings, found.tokens)
    payload = encoder.finish()
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    learned = Decisions.learned(layers.odds(), words, state)
    return len(payload), streams.pass_on(learned, found.plain, None, settings, room=src.size)
