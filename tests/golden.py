"""Inputs of all kinds, made by exact arithmetic, and the digests of their compressed files.

`python tests/golden.py` prints this machine's digests.
"""

import hashlib
import json
import random
from pathlib import Path

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
    return {
        "empty": b"",
        "one byte": b"a",
        "zeros": bytes(65536),
        "noise": noise,
        "short text": b"to be or not to be",
        "text": text(6000),
        "utf-8": "naïve café, 日本語の文章。\n".encode() * 40,
        "log": log,
        "records": table,
        "mixed": text(500) + table[:4000] + noise[:1000] + table[4000:8000] + text(500),
        "x86": bytes(code),
        "spans": table + text(3000) + table[::-1] + log * 2,
    }


def digests() -> dict[str, dict[str, str]]:
    """Return the SHA-256 of the compressed data by model and name."""
    return {
        model: {
            name: hashlib.sha256(arzip.compress(data, model=model)).hexdigest()
            for name, data in inputs().items()
        }
        for model in names()
    }


if __name__ == "__main__":
    print(json.dumps(digests(), indent=2))
