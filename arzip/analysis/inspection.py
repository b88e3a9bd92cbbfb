"""A file as its model sees it: the surprisal of every byte, as one HTML page that needs no network.

The page is inspection.html with two things put into it. One is JSON with the totals. The other is
planes of a byte for each byte, compressed by zlib, in base64: values, surprisals, the five
likeliest predictions and their probabilities; and of a picture each byte's bits as it is coded, by
the pixels around. The file's content is data to the page, never markup.
"""

import base64
import html
import io
import json
import math
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from arzip.codec import Model
from arzip.coder import TOTAL
from arzip.density import bits_per_byte, entropy, histogram, nll, perplexity
from arzip.models.explore import explorer
from arzip.models.explore.protocol import Explanation
from arzip.readings.headers import Told, told_in

__all__ = ["MOST", "Inspection", "Picture", "Sample", "inspect", "page", "read_sample"]

MOST = 1 << 20
"""The most bytes shown of a file. A larger one is shown in excerpts of that size together."""

EXCERPTS = 16
PREDICTIONS = 5
PIECE = 1 << 14  # bytes between two reports of progress

TENTH = 10
"""Surprisals are kept in tenths of a bit, up to 25.5."""

EIGHTH, ODDS_ZERO = 8, 128
"""Probabilities are kept as log-odds in eighths of a nat, from -16 to 15.9, plus ODDS_ZERO."""


@dataclass(frozen=True)
class Sample:
    """The sampled part of a file."""

    data: bytes
    """The file, or its excerpts one after the other."""
    size: int
    """Bytes of the file."""
    starts: tuple[int, ...]
    """The excerpts' offsets in the file. All are equally long."""


@dataclass(frozen=True)
class Picture:
    """The first picture in a file that is shown whole, as its pixels are coded."""

    pixels: Told
    bits: NDArray[np.float64]
    """(rows, row) of each byte of whole rows, the top row first."""


@dataclass(frozen=True)
class Inspection:
    """A sample, and the predictions at each of its bytes."""

    name: str
    """The file's name."""
    model: str
    sample: Sample
    explanation: Explanation
    picture: Picture | None = None


def read_sample(file: BinaryIO, most: int = MOST) -> Sample:
    """Return a file of at most `most` bytes whole, or evenly spaced excerpts of a larger one.

    A file that cannot seek is read into memory.
    """
    if not file.seekable():
        file = io.BytesIO(file.read())
    size = file.seek(0, io.SEEK_END)
    count, length = (1, size) if size <= most else (min(EXCERPTS, most), most)
    length //= count
    starts = tuple(at * (size - length) // max(1, count - 1) for at in range(count))
    data = bytearray()
    for start in starts:
        file.seek(start)
        data += file.read(length)
    return Sample(bytes(data), size, starts)


def inspect(
    model: Model, name: str, sample: Sample, on_progress: Callable[[int], None]
) -> Inspection:
    """Return the predictions for the sample, read as one segment.

    `on_progress` gets the number of bytes done. Raises ModelError as compressing does.
    """
    values = np.frombuffer(sample.data, dtype=np.uint8)
    session = explorer(model, values.size, values)
    pieces = []
    for start in range(0, values.size, PIECE):
        pieces.append(session.explain(sample.data[start : start + PIECE], PREDICTIONS))
        on_progress(min(start + PIECE, values.size))
    parts = (np.concatenate(part) for part in zip(*pieces, strict=True))
    whole = len(sample.starts) == 1
    return Inspection(
        name, model.name, sample, Explanation(*parts), _picture(model, values) if whole else None
    )


def _picture(model: Model, values: NDArray[np.uint8]) -> Picture | None:
    """Return the first picture there, if it has a whole row."""
    pictures = (told for told in told_in(values) if told.is_picture)
    found = next((told for told in pictures if told.size >= told.array.row), None)
    if found is None:
        return None
    row = found.array.row
    coded = np.concatenate([prediction.freq for prediction in model.encode(values)])
    bits = -np.log2(coded[coded.size - values.size :] / TOTAL)  # behind the spans
    rows = bits[found.start : found.start + found.size // row * row]
    rows = rows.reshape(-1, row)
    return Picture(found, rows[::-1] if found.is_upward else rows)


def page(inspection: Inspection) -> str:
    """Return the HTML page."""
    parts = {
        "title": html.escape(f"{inspection.name} · arzip"),
        # "<" may not end the element that holds it, nor start another.
        "facts": json.dumps(_facts(inspection)).replace("<", "\\u003c"),
        "planes": base64.b64encode(zlib.compress(_planes(inspection), 9)).decode(),
    }
    template = files("arzip.analysis").joinpath("inspection.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _facts(inspection: Inspection) -> dict[str, object]:
    sample = inspection.sample
    n = len(sample.data)
    nats = nll(inspection.explanation.likelihood)
    return {
        "name": inspection.name,
        "model": inspection.model,
        "size": sample.size,
        "shown": n,
        "starts": sample.starts,
        "predictions": PREDICTIONS,
        "bitsPerByte": bits_per_byte(nats, n),
        "nats": nats,
        "codeLength": math.ceil(nats / math.log(2) / 8),
        "perplexity": perplexity(nats, n),
        "order0": entropy(histogram(sample.data)),
        "picture": _picture_facts(inspection.picture),
    }


def _picture_facts(picture: Picture | None) -> dict[str, object] | None:
    if picture is None:
        return None
    rows, row = picture.bits.shape
    width = row // picture.pixels.array.channels
    return {
        "width": width,
        "height": rows,
        "pixel": picture.pixels.array.channels,
        "row": row,
        "bitsPerPixel": float(picture.bits.sum()) / (width * rows),
    }


def _planes(inspection: Inspection) -> bytes:
    """Return planes of n bytes: values, surprisals, predicted values by rank, their odds by rank;
    then the picture's, if there is one.

    The first rank's odds are as they are, each other rank's by how far they are below the last's.
    """
    explanation = inspection.explanation
    planes = [
        inspection.sample.data,
        _tenths(-np.log2(explanation.likelihood)),
        np.ascontiguousarray(explanation.values.T).tobytes(),
        _odds(explanation.freq.T).tobytes(),
    ]
    if inspection.picture:
        planes.append(_tenths(inspection.picture.bits))
    return b"".join(planes)


def _tenths(bits: NDArray[np.float64]) -> bytes:
    return np.minimum(np.rint(bits * TENTH), 255).astype(np.uint8).tobytes()


def _odds(freq: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Return log-odds (ranks, n) of freq / 2**24, a byte each: fine near 0 and near 1."""
    p = freq / TOTAL
    odds = np.rint(np.log(p / (1 - p)) * EIGHTH) + ODDS_ZERO
    odds = odds.clip(0, 255).astype(np.uint8)
    return np.concatenate([odds[:1], odds[:-1] - odds[1:]])
