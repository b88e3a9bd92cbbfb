"""Inputs of all kinds, made by exact arithmetic, and the digests of their compressed files.

`python tests/golden.py` prints this machine's digests, `python tests/golden.py MODEL SIZE` those of
one model and the first SIZE bytes of each input.
"""

import base64
import hashlib
import json
import math
import random
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

import photograph

import arzip
from arzip.models.registry import names

DIGESTS = Path(__file__).with_name("golden.json")


def inputs() -> dict[str, bytes]:
    """Return data by name, the same on every machine and version of Python."""
    rng = random.Random(2026)  # Python promises never to change random() and its bits
    words = [bytes(97 + int(26 * rng.random()) for _ in range(2 + i % 7)) for i in range(200)]

    def text(n: int) -> bytes:
        return b" ".join(words[int(200 * rng.random() ** 3)] for _ in range(n)) + b".\n"

    noise = rng.getrandbits(8 * 5000).to_bytes(5000, "big")
    log = b"".join(
        b"2026-01-%02d 12:%02d:07 host app[%d]: " % (1 + i // 40, i % 60, 100 + i % 3) + text(4)
        for i in range(200)
    )
    table = b"".join(
        i.to_bytes(4, "little") + (i * i % 9973).to_bytes(2, "big") + b"name%02d\0\0" % (i % 17)
        for i in range(1500)
    )
    code = bytearray()
    while len(code) < 20000:
        code += (
            words[len(code) % 200]
            + b"\x48\x8b\x05"
            + (700 - len(code) % 1900).to_bytes(4, "little", signed=True)
        )
        code += b"\xe8" + (words[len(code) % 7][0] * 90 - len(code)).to_bytes(
            4, "little", signed=True
        )
    arm = bytearray()
    for i in range(3000):
        word = (
            (0xAA, 0xF9, 0x91, 0xB9)[words[i % 200][0] % 4] << 24 | words[i % 50][0] << 5 | i % 13
        )
        if i % 5 == 0:
            word = 0x94000000 | (words[i % 9][0] * 64 - i) & 0x3FFFFFF
        elif i % 11 == 0:
            word = 0x90000000 | (i % 7) << 5 | i % 29
        arm += word.to_bytes(4, "little")
    return {
        "empty": b"",
        "one byte": b"a",
        "zeros": bytes(65536),
        "noise": noise,
        "short text": b"to be or not to be",
        "text": text(6000),
        "utf-8": "naïve café, 日本語の文章。\n".encode() * 40,
        "scripts": scripts(words),
        "log": log,
        "records": table,
        "mixed": text(500) + table[:4000] + noise[:1000] + table[4000:8000] + text(500),
        "x86": bytes(code),
        "arm64": bytes(arm),
        "bitmap": bitmap([(int(512 * rng.random()), int(300 * rng.random())) for _ in range(24)]),
        "cells": cells(words),
        "spans": table + text(3000) + table[::-1] + log * 2,
        "picture": picture(words),
        "sound": sound(words),
        "doubles": doubles(words),
        "sequences": sequences(words),
        "pages": pages(words),
        "font": font(words),
        "photograph": photograph.encoded(
            [photograph.picture(96, 112), *(photograph.picture(48, 56, k) for k in (1, 2))],
            halved=True,
            restart=9,
        ),
        "progressive": photograph.progressive(
            [photograph.picture(96, 112), *(photograph.picture(48, 56, k) for k in (1, 2))],
            halved=True,
        ),
        "mail": text(90) + base64.encodebytes(table[:9000]) + text(90),
        "utf-16": b"\xff\xfe" + b"".join(bytes((byte, 0)) for byte in text(900)),
    }


def scripts(words: list[bytes]) -> bytes:
    """Return words with capitals, Greek and Cyrillic ones in turn, and ideographs without gaps."""
    text = []
    for i in range(900):
        letters = words[i * i % 199]
        first = (0x3B1, 0x430)[i // 30 % 2]  # alpha; a
        word = "".join(chr(first + letter % 24) for letter in letters[1:])
        text.append(chr(first - 32 + letters[0] % 9) + word + " ")
        text.append("".join(chr(0x4E00 + 37 * letter % 300) for letter in letters) * (i % 3 == 0))
    return "".join(text).encode()


def bitmap(centres: list[tuple[int, int]]) -> bytes:
    """Return discs, black on white: 300 rows of 512 pixels."""
    rows = []
    for y in range(300):
        row = 0
        for x, centre in centres:
            half = math.isqrt(max(0, 900 - (y - centre) ** 2))
            row |= ((1 << 2 * half) - 1) << max(0, x - half)
        rows.append((row & (1 << 512) - 1).to_bytes(64, "big"))
    return b"".join(rows)


def picture(words: list[bytes]) -> bytes:
    """Return a picture of 90 x 60 pixels in three colours and its header: a hill, some noise."""
    width, height = 90, 60
    rows = []
    for y in range(height):
        for x in range(width):
            hill = 240 - (x - 40) ** 2 // 40 - (y - 30) ** 2 // 12
            noise = words[(x * y) % 200][0] % 4
            rows.append(bytes((hill + noise, hill - x // 2 + noise, 90 + x + noise)))
        rows.append(bytes(2))  # to a multiple of four
    pixels = b"".join(rows)
    header = struct.pack(
        "<IIIIiiHHIIIIII", 54 + len(pixels), 0, 54, 40, width, height, 1, 24, *[0] * 6
    )
    return b"BM" + header + pixels


def sound(words: list[bytes]) -> bytes:
    """Return 2,500 samples of 16 bits in two channels, and their header: a swinging string."""
    left, speed, samples = 9000, 0, bytearray()
    for i in range(2500):
        speed -= left // 60
        left += speed
        right = left // 2 + 11 * words[i % 200][0]
        samples += struct.pack("<hh", left + words[i % 170][0], right)
    form = struct.pack("<IHHIIHH", 16, 1, 2, 8000, 32000, 4, 16)
    chunks = b"WAVEfmt " + form + b"data" + len(samples).to_bytes(4, "little") + samples
    return b"RIFF" + len(chunks).to_bytes(4, "little") + chunks


def doubles(words: list[bytes]) -> bytes:
    """Return a NumPy file of hundredths, a walk in three columns."""
    at, made = 5000, bytearray()
    for i in range(1500):
        at += words[i % 200][0] - 107
        made += struct.pack("<ddd", at / 100, (3 * at - i) / 100, (i % 7 - at) / 100)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1500, 3), }".ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + made


def sequences(words: list[bytes]) -> bytes:
    """Return bases in lines, both strands of them, and reads with qualities."""
    bases = bytes(b"ACGT"[(7 * i * i + words[i % 200][0] * (i >> 3)) % 11 % 4] for i in range(6000))
    other = bases[::-1].translate(bytes.maketrans(b"ACGT", b"TGCA"))
    genome = b"".join(
        b">part %d\n" % k + b"".join(strand[i : i + 60] + b"\n" for i in range(0, 6000, 60))
        for k, strand in enumerate((bases, other))
    )
    reads = bytearray()
    for i in range(90):
        start = 13 * words[i][0] % 5900
        qualities = bytes(73 - (k * words[(i + k) % 200][0] >> 9) for k in range(80))
        reads += b"@read:%d:%d\n" % (1 + i // 9, 1000 + 17 * i)
        reads += bases[start : start + 80].ljust(80, b"N") + b"\n+\n" + qualities + b"\n"
    return genome + bytes(reads)


def cells(words: list[bytes]) -> bytes:
    """Return records of two lengths, as a spreadsheet's: numbers, and now and then a word."""
    made = bytearray()
    for i in range(2500):
        place = (i // 40).to_bytes(2, "little") + (i % 40).to_bytes(2, "little")
        if i % 40 == 0:
            word = words[i // 40]
            made += b"\4\0" + (8 + len(word)).to_bytes(2, "little") + place + b"\0\3\3" + word
        else:
            value = (i % 40) * 7 + words[i % 200][0] % 5
            made += b"\2\0\x09\0" + place + b"\0\3\3" + value.to_bytes(2, "little")
    return bytes(made)


def pages(words: Sequence[bytes]) -> bytes:
    """Return pages of a document as PDF has them: strings of each kind, kerns, moves."""
    made, x = [], 0
    for i in range(300):
        line = [words[i * k * k % 199] for k in range(1, 7)]
        gap = 300 + 7 * i % 90
        made.append(b"BT\n/F%d 9.9626 Tf %d.%d %d Td " % (1 + i % 3, -x, i % 9, 700 - 12 * i % 600))
        kind, x = i % 4, 40 + i % 7
        if kind < 2:
            shown = (b")-%d(" % gap).join(word.replace(b"a", b"a)28(", kind) for word in line)
            shown = shown.replace(b"fi", b"\\014") + b"\\051"
            made.append(b"[(%s)]TJ %d 0 Td (%s)Tj" % (shown, x, line[0]))
        elif kind == 2:
            made.append(b"[<" + b">-2<".join(word.hex().encode() for word in line) + b">] TJ")
        else:
            glyphs = b"".join(b"%04X" % (letter - 29) for letter in b" ".join(line))
            made.append(b"<" + glyphs + b"> Tj << /MCID %d >>" % i)
        made.append(b"\nET\n")
    return b"".join(made)


def font(words: Sequence[bytes]) -> bytes:
    """Return a font of Type 1, with outlines made up."""

    def enciphered(text: bytes, key: int) -> bytes:
        cipher = bytearray()
        for byte in text:
            cipher.append(byte ^ key >> 8)
            key = ((cipher[-1] + key) * 52845 + 22719) % 65536
        return bytes(cipher)

    text = bytearray(b"\0\0\0\0dup /Private 9 dict dup begin\n/CharStrings 199 dict dup begin\n")
    for i in range(199):
        outline = bytes(4) + b"\x8b" + words[i] + b"\x0d" + words[i * i % 199] + b"\x05\x09\x0e"
        text += b"/%s %d RD " % (words[i], len(outline)) + enciphered(outline, 4330) + b" ND\n"
    text += b"end\nmark currentfile closefile\n"
    return (
        b"%!PS-AdobeFont-1.0: Made\ncurrentfile eexec\n"
        + enciphered(bytes(text), 55665)
        + (b"0" * 64 + b"\n") * 8
        + b"cleartomark\n"
    )


def compressed(models: Sequence[str], size: int | None = None) -> dict[str, dict[str, bytes]]:
    """Return the compressed data, or of the first `size` bytes of each, by model and name."""
    return {
        model: {name: arzip.compress(data[:size], model=model) for name, data in inputs().items()}
        for model in models
    }


def digests(packed: dict[str, dict[str, bytes]]) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of the compressed data by model and name."""
    return {
        model: {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        for model, files in packed.items()
    }


if __name__ == "__main__":
    made = compressed([sys.argv[1]], int(sys.argv[2])) if sys.argv[1:] else compressed(names())
    print(json.dumps(digests(made), indent=2))
