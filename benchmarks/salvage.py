"""How near `arzip recover --unverified` comes to a flipped bit: `python salvage.py FILE...`.

Of each file a part is compressed, one bit of the frame flipped, and what is salvaged compared with
the original. A row for each model says how much of what precedes the damage is given, how far what
is given goes beyond it, and how often all that is called likely is right.
"""

import argparse
import random
from pathlib import Path

import numpy as np

import arzip
from arzip.recovery import recover

FRAMING = 16  # bytes at the start of a frame that are no payload, at most
QUANTILES = (25, 50, 75, 90)


def agreement(one: bytes, other: bytes) -> int:
    """How many bytes two have in common at their start."""
    size = min(len(one), len(other))
    differ = np.frombuffer(one, np.uint8, size) != np.frombuffer(other, np.uint8, size)
    return int(differ.argmax()) if differ.any() else size


def trial(model: str, data: bytes, rng: random.Random) -> tuple[float, int, bool] | None:
    """The share of the right bytes that is given, the wrong ones given, are the likely right.

    None if `data` is not modelled, or is restored.
    """
    frame = bytearray(arzip.compress(data, model=model))
    at = rng.randrange(FRAMING, len(frame) - 4)
    frame[at] ^= 1 << rng.randrange(8)
    (piece,) = recover(frame, unverified=True)
    if not piece.unverified or piece.basis.startswith("as they stand"):
        return None
    # What precedes the damage is what both kinds of byte in its place decode to.
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
