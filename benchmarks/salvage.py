"""How much `arzip recover --unverified` restores beside a flipped bit: `python salvage.py FILE...`.

A part of each file is compressed, one bit of the frame is flipped, and the salvaged bytes are
compared with the original. A row for each model has the share of the right bytes that is salvaged,
the number of wrong bytes after them, and how often all bytes called likely are right.
"""

import argparse
import random
from pathlib import Path

import numpy as np

import arzip
from arzip.recovery import recover

FRAMING = 16  # the most bytes before the payload of a frame
QUANTILES = (25, 50, 75, 90)


def agreement(one: bytes, other: bytes) -> int:
    """Return the number of bytes that the two have in common at their start."""
    size = min(len(one), len(other))
    differ = np.frombuffer(one, np.uint8, size) != np.frombuffer(other, np.uint8, size)
    return int(differ.argmax()) if differ.any() else size


def trial(model: str, data: bytes, rng: random.Random) -> tuple[float, int, bool] | None:
    """Return the share of right bytes, the number of wrong bytes, and whether the likely are right.

    None if `data` is not modelled, or is restored.
    """
    frame = bytearray(arzip.compress(data, model=model))
    at = rng.randrange(FRAMING, len(frame) - 4)
    frame[at] ^= 1 << rng.randrange(8)
    (piece,) = recover(frame, unverified=True)
    if not piece.unverified or piece.basis.startswith("as they stand"):
        return None
    # The right bytes are at least those that decode from the frame before the damage.
    (cut,) = (piece for piece in recover(frame[:at], unverified=True) if piece.size)
    before = max(len(cut.unverified), agreement(piece.unverified, data))
    right = agreement(piece.unverified, data)
    return right / max(1, before), len(piece.unverified) - right, piece.likely <= right


def main() -> None:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--models", nargs="+", default=["swift", "base"])
    parser.add_argument("--size", type=int, default=120_000, help="bytes of each file (120000)")
    parser.add_argument("--flips", type=int, default=2, help="trials with each file (2)")
    arguments = parser.parse_args()
    print("| model | trials | right ones given | wrong ones, 25, 50, 75, 90 % | likely is right |")
    for model in arguments.models:
        rng = random.Random(1)
        trials = []
        for path in arguments.files:
            whole = path.read_bytes()
            at = rng.randrange(max(1, len(whole) - arguments.size))
            data = whole[at : at + arguments.size]
            trials += [trial(model, data, rng) for _ in range(arguments.flips)]
        kept, wrong, likely = zip(*(found for found in trials if found), strict=True)
        spread = ", ".join(f"{n:,.0f}" for n in np.percentile(wrong, QUANTILES))
        print(
            f"| {model} | {len(kept)} | {np.mean(kept):.0%} | {spread} | {np.mean(likely):.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
