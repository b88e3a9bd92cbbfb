"""The accounting: compression as density estimation.

A model that gives a file x of n bytes the probability P(x) codes it in -log2 P(x) bits. Per byte
that is the cross-entropy between the file and the model, and 2 to its power is the perplexity.
What a real file takes beyond it has three parts, and nothing is left over:

    8 * file_bytes = -log2 P(x) + quantisation + termination + container    [bits]
"""

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from arzip.codec import CodeLength

__all__ = ["Account", "Report", "entropy", "histogram"]


@dataclass(frozen=True)
class Report:
    """What the code length of a file is made of. Per byte, an empty file takes 0 bits."""

    bytes: int
    """n, the size of the original."""
    model: str
    nll_nats: float
    """-ln P(x): the negative log-likelihood, in nats."""
    cross_entropy: float
    """-log2 P(x) / n, in bits per byte."""
    perplexity: float
    """2**cross_entropy, per byte: as uncertain as a choice among that many equally likely bytes."""
    payload_bytes: int
    """What the coder made."""
    file_bytes: int
    """All of the .arz file."""
    achieved: float
    """8 * file_bytes / n, in bits per byte."""
    overhead_bits: dict[str, float]
    """In bits. "quantisation": probabilities became whole numbers; "termination": the coder's
    rounding and end, and the model's parameters; "container": headers, index and checksums.
    """
    entropy_order0: float
    """-sum_b q(b) log2 q(b), in bits per byte, where q is the file's own histogram: what a model
    that knew nothing but the byte frequencies would pay.
    """

    def to_dict(self) -> dict[str, object]:
        """The fields by name, for JSON."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Account:
    """What was compressed so far, and what it cost."""

    size: int = 0
    """Bytes that went in."""
    file_bytes: int = 0
    """Bytes that came out."""
    code: CodeLength = field(default_factory=CodeLength)
    """What the segments cost, in bits."""
    histogram: tuple[int, ...] = (0,) * 256
    """How often each byte value went in."""

    @property
    def container(self) -> float:
        """Bits spent on headers, index and checksums."""
        return 8.0 * self.file_bytes - self.code.payload

    def report(self, model: str) -> Report:
        """The account as a report on the model of that name."""
        cross_entropy = self.code.model / self.size if self.size else 0.0
        return Report(
            bytes=self.size,
            model=model,
            nll_nats=self.code.model * math.log(2),
            cross_entropy=cross_entropy,
            perplexity=2.0**cross_entropy,
            payload_bytes=round(self.code.payload / 8),
            file_bytes=self.file_bytes,
            achieved=8.0 * self.file_bytes / self.size if self.size else 0.0,
            overhead_bits={
                "quantisation": self.code.quantised - self.code.model,
                "termination": self.code.payload - self.code.quantised,
                "container": self.container,
            },
            entropy_order0=entropy(self.histogram),
        )


def entropy(counts: tuple[int, ...]) -> float:
    """The entropy of the distribution that was counted, in bits; 0.0 if nothing was."""
    n = sum(counts)
    return float(sum(count / n * math.log2(n / count) for count in counts if count))


def histogram(data: bytes) -> NDArray[np.int64]:
    """(256,) how often each byte value occurs."""
    values = np.frombuffer(data, dtype=np.uint8)
    counts = np.zeros(256, dtype=np.int64)
    for first in range(
        0, values.size, 65536
    ):  # numpy widens what it counts: keep that in the cache
        counts += np.bincount(values[first : first + 65536], minlength=256)
    return counts
