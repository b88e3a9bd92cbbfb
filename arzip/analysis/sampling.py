"""Sampling: text that the model writes, from the conditionals that it compresses with.

    w_t ~ p(. | w_<t)          ancestral sampling: then w_1:T is a draw from P(w_1:T)

Compression removes the model's knowledge from a file; sampling shows that knowledge. Besides the
plain draw there are temperature, top-k (Fan et al., 2018), nucleus or top-p (Holtzman et al.,
2020), greedy (the likeliest byte each time), and beam search (likely sequences, not typical ones).

The same seed gives the same bytes on every machine. Frequencies, weights and likelihoods are whole
numbers; dice are the raw 64-bit output of PCG64, which numpy promises not to change. The arithmetic
is in arzip/models/explore/draw.py.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from arzip.arguments import real, whole, whole_or_none
from arzip.codec import Model
from arzip.coder import TOTAL
from arzip.models.explore import explorer
from arzip.models.explore.draw import Choice
from arzip.models.explore.protocol import Explorer

__all__ = ["Sampling", "generate"]

UNITS = TOTAL - 2
"""The sum of the frequencies of the 256 bytes."""

SHORTEST = 1 << 14
"""The least segment size, in bytes: up to it, a longer sample begins with the shorter one."""

PIECE = 4096  # bytes drawn at a time

MOST_HYPOTHESES = 64


@dataclass(frozen=True)
class Sampling:
    """How to draw. Raises ValueError for a number out of range, TypeError for another type."""

    temperature: float = 1.0
    """T > 0: draw from p^(1/T), normalised, over the bytes that top_k and top_p leave."""
    top_k: int | None = None
    """Only the k likeliest bytes, 1 to 256."""
    top_p: float | None = None
    """Only the fewest bytes, likeliest first, whose probabilities sum to p, in (0, 1]."""
    seed: int = 0
    """At least 0."""
    greedy: bool = False
    """Take the likeliest byte each time; of equals, the lowest."""
    beam: int | None = None
    """The number of hypotheses of a beam search, 1 to 64."""

    def __post_init__(self) -> None:
        if not 0 < real("temperature", self.temperature) < math.inf:
            raise ValueError(f"temperature is {self.temperature}: it must be above 0, and finite")
        whole_or_none("top_k", self.top_k, 1, 256)
        if self.top_p is not None and not 0 < real("top_p", self.top_p) <= 1:
            raise ValueError(f"top_p is {self.top_p}: it must be above 0 and at most 1")
        whole("seed", self.seed, 0)
        whole_or_none("beam", self.beam, 1, MOST_HYPOTHESES)
        if self.greedy + (self.beam is not None) + self._is_random > 1:
            raise ValueError(
                "greedy, beam, and temperature with top-k and top-p are three ways: choose one"
            )

    @property
    def _is_random(self) -> bool:
        return (self.temperature, self.top_k, self.top_p) != (1.0, None, None)

    @property
    def choice(self) -> Choice:
        """The settings in whole numbers."""
        return Choice(
            count=1 if self.greedy else self.top_k or 256,
            mass=math.ceil(Fraction(float(self.top_p or 1)) * UNITS),
            temperature=Fraction(float(self.temperature)),
        )


def generate(model: Model, prompt: bytes, n: int, how: Sampling) -> Iterator[bytes]:
    """Yield n bytes that follow `prompt`, in pieces. Raises ValueError if n is negative."""
    n = whole("n", n, 0)
    session = explorer(model, max(len(prompt) + n, SHORTEST))
    session.explain(prompt, 0)
    if how.beam is not None:
        yield _beam_search(session, n, how.beam)
        return
    dice = np.random.PCG64(how.seed)
    raws = dice.random_raw(PIECE)
    while n > 0:
        drawn, used = session.draw(raws, min(n, PIECE), how.choice)
        n -= len(drawn)
        raws = np.concatenate([raws[used:], dice.random_raw(used)])
        yield drawn


class _Hypothesis(NamedTuple):
    """A continuation, how likely it is, and the session that has read it."""

    likelihood: int
    """The product of its bytes' frequencies: exact, so that no rounding decides."""
    data: bytes
    session: Explorer


def _beam_search(session: Explorer, n: int, width: int) -> bytes:
    """Return the likeliest n bytes that `width` hypotheses at a time find.

    Each hypothesis is continued by its likeliest bytes, and the likeliest `width` of all are kept.
    The greedy one is kept beside them, even if it begins badly, so the result is never less likely
    than greedy's.
    """
    start = _Hypothesis(1, b"", session)
    beam, greedy = [start], start
    for _ in range(n):
        beam, greedy = _extend(beam, greedy, width)
    return beam[0].data


def _extend(
    beam: list[_Hypothesis], greedy: _Hypothesis, width: int
) -> tuple[list[_Hypothesis], _Hypothesis]:
    """Return the beam one byte further, likeliest first, and the greedy hypothesis in it."""
    candidates = []
    for parent in beam:
        values, freq = parent.session.leading(width)
        children = [
            (-parent.likelihood * int(units), parent.data + bytes([value]), parent)
            for value, units in zip(values.tolist(), freq.tolist(), strict=True)
        ]
        candidates += children
        if parent is greedy:
            greediest = children[0]
    candidates.sort(key=lambda child: child[:2])
    chosen = candidates[:width]
    if greediest not in chosen:
        chosen.append(greediest)
    extended = []
    for at, (likelihood, data, parent) in enumerate(chosen):
        # The last child takes over its parent's session.
        is_last = all(other[2] is not parent for other in chosen[at + 1 :])
        session = parent.session if is_last else parent.session.fork()
        session.explain(data[-1:], 0)
        extended.append(_Hypothesis(-likelihood, data, session))
    return extended, next(child for child in extended if child.data == greediest[1])
