"""The accounting: compression as density estimation.

A model that gives a file w_1:T the probability P(w_1:T) = prod_t p(w_t | w_<t) codes it in
-log2 P bits: its negative log-likelihood. Per byte that is the cross-entropy H(p^, q) between the
file, which is one sample p^ of its source, and the model q; 2 to its power is the perplexity. For
a source p itself

    H(p, q) = H(p) + D_KL(p || q)                                           [bits]

so the least that a file can be expected to take is its source's entropy, and what the model does
not know of the source comes on top (Shannon, 1948; Cover and Thomas, 2006, chapters 2 and 5).
What a real file takes beyond -log2 P has three parts, and no others:

    8 * file_bytes = -log2 P(w_1:T) + quantisation + termination + container    [bits]
"""

import dataclasses
import html
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arzip.codec import CodeLength, Model
from arzip.histogram import histogram

__all__ = [
    "HIGHEST_ORDER",
    "Account",
    "Report",
    "bits_per_byte",
    "cross_entropy",
    "empirical_entropy",
    "entropy",
    "histogram",
    "kl_divergence",
    "nll",
    "perplexity",
    "surprisals",
]

HIGHEST_ORDER = 3
"""The highest order that `empirical_entropy` takes."""


@dataclass(frozen=True, repr=False)
class Report:
    """The parts of a file's code length. Per byte, an empty file takes 0 bits.

    Its repr is rounded; a notebook shows it as a table.
    """

    bytes: int
    """n, the size of the original."""
    model: str
    nll_nats: float
    """-ln P(x): the negative log-likelihood, in nats."""
    cross_entropy: float
    """-log2 P(x) / n, in bits per byte."""
    perplexity: float
    """2**cross_entropy, per byte."""
    payload_bytes: int
    """Bytes that the coder made."""
    file_bytes: int
    """All of the .arz file."""
    achieved: float
    """8 * file_bytes / n, in bits per byte."""
    overhead_bits: dict[str, float]
    """In bits. "quantisation": probabilities became whole numbers; "termination": the coder's
    rounding and end; "container": headers, index and checksums.
    """
    entropy_order0: float
    """-sum_b q(b) log2 q(b), in bits per byte, where q is the file's histogram: its cost under a
    model that knows only the byte frequencies.
    """
    readings: dict[str, dict[str, float]] = field(default_factory=dict)
    """Of each way in which bytes were read, such as "text": "bytes", and "cross_entropy" of these,
    in bits per byte. Empty for what is stored as it is.
    """

    def to_dict(self) -> dict[str, object]:
        """Return the fields by name, for JSON."""
        return dataclasses.asdict(self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={_rounded(value)!r}" for name, value in self.to_dict().items())
        return f"Report({shown})"

    def _repr_html_(self) -> str:
        rows = {
            "model": html.escape(self.model),
            "original": f"{self.bytes:,} bytes",
            "compressed": f"{self.file_bytes:,} bytes",
            "achieved": f"{self.achieved:.4f} bits/byte",
            "cross-entropy": f"{self.cross_entropy:.4f} bits/byte",
            "perplexity": f"{self.perplexity:.3f}",
            "negative log-likelihood": f"{self.nll_nats:,.1f} nats",
            **{name: f"{bits:,.1f} bits" for name, bits in self.overhead_bits.items()},
            **{
                f"read as {name}": f"{part['bytes']:,} bytes, {part['cross_entropy']:.4f} bits/byte"
                for name, part in self.readings.items()
            },
            "entropy of order 0": f"{self.entropy_order0:.4f} bits/byte",
        }
        cells = (f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows.items())
        return f"<table>{''.join(cells)}</table>"


def _rounded(value: object) -> object:
    """Return the same with four decimals."""
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value


@dataclass(frozen=True)
class Account:
    """The data that was compressed so far, and its cost."""

    size: int = 0
    """Bytes that went in."""
    file_bytes: int = 0
    """Bytes that came out."""
    code: CodeLength = field(default_factory=CodeLength)
    """The cost of the segments, in bits."""
    histogram: tuple[int, ...] = (0,) * 256
    """How often each byte value went in."""

    @property
    def container(self) -> float:
        """Bits spent on headers, index and checksums."""
        return 8.0 * self.file_bytes - self.code.payload

    def report(self, model: str) -> Report:
        """Return the account as a report on the model of that name."""
        nats = self.code.model * math.log(2)
        return Report(
            bytes=self.size,
            model=model,
            nll_nats=nats,
            cross_entropy=bits_per_byte(nats, self.size),
            perplexity=perplexity(nats, self.size),
            payload_bytes=round(self.code.payload / 8),
            file_bytes=self.file_bytes,
            achieved=8.0 * self.file_bytes / self.size if self.size else 0.0,
            overhead_bits={
                "quantisation": self.code.quantised - self.code.model,
                "termination": self.code.payload - self.code.quantised,
                "container": self.container,
            },
            readings={
                name: {"bytes": n, "cross_entropy": bits / n}
                for name, (n, bits) in self.code.readings.items()
            },
            entropy_order0=entropy(self.histogram),
        )


def nll(likelihoods: ArrayLike) -> float:
    """Return -sum_t ln p(w_t | w_<t): the negative log-likelihood of a sequence, in nats.

    `likelihoods` has the shape (T,): the probability of each element before it was seen. 0.0 if
    there is none; infinite if one is 0.
    """
    with np.errstate(divide="ignore"):
        return 0.0 - float(np.log(np.asarray(likelihoods, dtype=np.float64)).sum())


def bits_per_byte(nats: float, n: int) -> float:
    """Return H(p^, q) = NLL / (T ln 2): the cross-entropy of n bytes, in bits per byte.

    `nats` is their NLL. 0.0 if n is 0.
    """
    return nats / (n * math.log(2)) if n else 0.0


def perplexity(nats: float, n: int) -> float:
    """Return PP = exp(NLL / T) = 2**(bits per byte): the number of equally likely bytes.

    A choice among these would be as uncertain. `nats` is the NLL of n bytes; 1.0 if n is 0.
    (Jelinek et al., 1977.)
    """
    return math.exp(nats / n) if n else 1.0


def entropy(p: ArrayLike) -> float:
    """Return H(p) = -sum_b p_b log2 p_b, in bits (Shannon, 1948).

    `p` holds probabilities, or counts in their place, of any shape; 0.0 if it is all 0.
    """
    return cross_entropy(p, p)


def cross_entropy(p: ArrayLike, q: ArrayLike) -> float:
    """Return H(p, q) = -sum_b p_b log2 q_b, in bits: the cost of symbols of p, coded for q.

    Both hold probabilities or counts, in the same shape. Infinite where q rules out what p has; 0.0
    if p is all 0.
    """
    p, q = _distribution(p), _distribution(q)
    seen = p > 0
    with np.errstate(divide="ignore"):
        return 0.0 - float((p[seen] * np.log2(q[seen])).sum())


def kl_divergence(p: ArrayLike, q: ArrayLike) -> float:
    """Return D_KL(p || q) = sum_b p_b log2(p_b / q_b), in bits (Kullback and Leibler, 1951).

    The cost of coding symbols of p for q beyond their entropy: never negative, 0 only if q is p.
    `p` and `q` as in `cross_entropy`, and H(p, q) = H(p) + D_KL(p || q).
    """
    p, q = _distribution(p), _distribution(q)
    seen = p > 0
    with np.errstate(divide="ignore"):
        return float((p[seen] * np.log2(p[seen] / q[seen])).sum())


def _distribution(weights: ArrayLike) -> NDArray[np.float64]:
    """Return the weights normalised, unless all are 0."""
    weights = np.asarray(weights, dtype=np.float64)
    return weights / (weights.sum() or 1.0)


def empirical_entropy(data: bytes, order: int) -> float:
    """Return H_k(w) = 1/(T-k) sum over contexts c of n_c H(what followed c), in bits per byte.

    `order` k, 0 to HIGHEST_ORDER, is the length of a context. c occurs n_c times before a byte, and
    H is the entropy of the histogram of these bytes. This is the cost with the best table of order
    k if the table itself were free, so high orders are too low for short data (Manzini, 2001). 0.0
    if no byte has a context. Takes about 8 bytes of memory a byte.
    """
    if not 0 <= order <= HIGHEST_ORDER:
        raise ValueError(f"order must be 0 to {HIGHEST_ORDER}, not {order}")
    values = np.frombuffer(data, dtype=np.uint8)
    if values.size <= order:
        return 0.0
    if order == 0:
        return entropy(histogram(data))
    size = values.size - order
    grams = np.zeros(size, dtype=np.uint32)  # context and byte, as one number
    for k in range(order + 1):
        grams = grams << np.uint32(8) | values[k : k + size]
    grams.sort()
    # sum n_c H(c) = sum over grams g of n_g log2(n_c / n_g)
    return (_n_log_n(grams >> np.uint32(8)) - _n_log_n(grams)) / size


def _n_log_n(grams: NDArray[np.uint32]) -> float:
    """Return sum n log2 n over the lengths n of the runs of equal numbers."""
    ends = np.flatnonzero(np.append(grams[1:] != grams[:-1], True))
    n = np.diff(ends, prepend=-1)
    return float((n * np.log2(n)).sum())


def surprisals(model: Model, data: bytes) -> Iterator[NDArray[np.float64]]:
    """Yield -log2 p(w_t | w_<t) of every byte of `data`, in bits, piece by piece.

    `data` is read as one segment. The probabilities are those that the coder gets: multiples of
    2**-24. Raises ModelError as compressing does.
    """
    if not data:
        return
    for prediction in model.encode(np.frombuffer(data, dtype=np.uint8)):
        if prediction.reading is not None:
            yield 24 - np.log2(prediction.freq)
