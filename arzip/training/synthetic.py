"""Synthetic binary data, of kinds that are rare among files: measurements, tables, pictures.

Each maker takes a random generator and returns some tens to hundreds of kilobytes.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

__all__ = ["MAKERS"]


def walk(rng: Generator) -> bytes:
    """Return a noisy random walk in a usual number format, as of sound, sensors or coordinates."""
    n = int(rng.integers(4000, 30000))
    channels = int(rng.integers(1, 4))
    steps = rng.normal(0, rng.uniform(1, 30), (n, channels)).cumsum(axis=0)
    noisy = steps + rng.normal(0, rng.uniform(0.1, 10), (n, channels))
    formats = ["<i2", ">i2", "<i4", ">i4", "<f4", ">f4", "<f8", "u1"]
    return noisy.astype(formats[rng.integers(len(formats))]).tobytes()


def table(rng: Generator) -> bytes:
    """Return rows of counters, categories, amounts, names and zeros, as in a database."""
    n = int(rng.integers(1000, 4000))
    letters = rng.integers(97, 123, (60, 12), dtype=np.uint8)
    lengths = rng.integers(3, 13, 60)
    letters[np.arange(12) >= lengths[:, None]] = int(rng.choice([0, 32]))
    order = str(rng.choice(["<", ">"]))
    makers: list[Callable[[], np.ndarray]] = [
        lambda: np.arange(n).astype(order + "u4"),
        lambda: rng.integers(0, rng.integers(2, 500), n).astype(order + "u2"),
        lambda: (rng.lognormal(5, 2, n).round(2)).astype(order + "f8"),
        lambda: letters[rng.zipf(1.5, n) % 60].copy().view("S12")[:, 0],
        lambda: np.zeros(n, dtype="u1"),
        lambda: rng.integers(0, 4, n).astype("u1"),
        lambda: (rng.integers(0, 1000, n).cumsum() + 1_600_000_000).astype(order + "u4"),
    ]
    columns = [makers[i]() for i in rng.integers(len(makers), size=rng.integers(3, 9))]
    return np.rec.fromarrays(columns).tobytes()


def cells(rng: Generator) -> bytes:
    """Return a spreadsheet's cells: each a type, length, row, column, style and number."""
    rows, columns = int(rng.integers(100, 500)), int(rng.integers(4, 30))
    scale = rng.uniform(1, 5000, columns)
    whole = rng.random(columns) < 0.5
    parts = []
    for row in range(rows):
        for column in np.flatnonzero(rng.random(columns) < 0.95):
            head = np.array([0, 0, row, column, 15 + whole[column]], dtype="<u2")
            value = scale[column] * rng.lognormal(0, 0.5)
            if whole[column]:
                head[:2] = 0x27E, 10
                tail = np.array(int(value) << 2 | 2, dtype="<i4")
            else:
                head[:2] = 0x203, 14
                tail = np.array(round(value, 2), dtype="<f8")
            parts.append(head.tobytes() + tail.tobytes())
    return b"".join(parts)


def picture(rng: Generator) -> bytes:
    """Return an image of smooth shapes and noise, in 1 to 4 channels of 8 bits."""
    height, width, channels = (int(x) for x in rng.integers([100, 100, 1], [250, 300, 5]))
    y, x = np.mgrid[0:6:height * 1j, 0:6:width * 1j]  # fmt: skip
    planes = [
        128 + 50 * np.sin(x * (k + 1) + y) + 40 * np.cos(1.7 * y - x * rng.uniform(0, 2))
        for k in range(channels)
    ]
    pixels = np.stack(planes, axis=-1)
    for _ in range(30):
        top, left = rng.integers(0, height - 20), rng.integers(0, width - 20)
        size = rng.integers(5, 40, 2)
        pixels[top : top + size[0], left : left + size[1]] += rng.normal(0, 40, channels)
    pixels += rng.normal(0, rng.uniform(0, 6), pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8).tobytes()


def scan(rng: Generator) -> bytes:
    """Return a scanned page, one bit per pixel: lines of glyphs, rules, ragged edges."""
    height, width = int(rng.integers(600, 1200)), int(rng.choice([1024, 1728, 2480]))
    page = np.zeros((height, width), dtype=bool)
    size = int(rng.integers(20, 40))
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    glyphs = []
    for _ in range(30):
        a, b, c = rng.normal(0, 2, 3)
        ring = np.abs(np.hypot(x * (1 + 0.3 * a), y) - 0.7) < 0.2
        stroke = np.abs(x * a + y * b + 0.2 * c) < 0.3
        glyphs.append((ring & (x * b < c)) | stroke)
    for top in range(60, height - 60, int(size * 1.6)):
        for left in range(100, int(rng.integers(width // 2, width - 80)), int(size * 0.9)):
            if rng.random() < 0.82:
                page[top : top + size, left : left + size] |= glyphs[int(rng.zipf(1.3) % 30)]
    for _ in range(int(rng.integers(0, 8))):
        line = int(rng.integers(0, height - 4))
        page[line : line + 3, 80 : width - 80] = True
    edge = (page ^ np.roll(page, 1, 1)) | (page ^ np.roll(page, 1, 0))
    return np.packbits(page ^ (edge & (rng.random(page.shape) < 0.1)), axis=1).tobytes()


MAKERS: list[Callable[[Generator], bytes]] = [walk, table, cells, picture, scan]
"""All kinds of synthetic data."""
