"""What decoding may use: which models, how much memory and how much output."""

import os
from typing import NamedTuple

from arzip import codec
from arzip.arguments import whole_or_none
from arzip.codec import Model
from arzip.errors import LimitError
from arzip.format.layout import Segment
from arzip.levels import choose

__all__ = ["Allowed", "ModelLike", "Policy"]

ModelLike = str | os.PathLike[str] | Model
"""A model's name, the path of a model file, or a loaded model."""


class Policy:
    """The models and limits that a caller gave, and arzip's own models."""

    def __init__(
        self, model: ModelLike | None, max_size: int | None, max_memory: int | None
    ) -> None:
        self.given = None if model is None else choose(model)
        self._max_size = whole_or_none("max_size", max_size, 0)
        self.max_memory = whole_or_none("max_memory", max_memory, 0)

    def model(self, identity: bytes | None) -> Model | None:
        """Return the model of that identity; None if none is needed. Raises ModelError."""
        if identity is None:
            return None
        if self.given is not None and self.given.identity == identity:
            return self.given
        from arzip.models.registry import by_identity

        return by_identity(identity, self.given)

    def all_models(self) -> list[Model]:
        """Return all known models, the one that was given first."""
        from arzip.models.registry import every

        return [*([] if self.given is None else [self.given]), *every()]

    def check_size(self, size: int) -> None:
        """Raise LimitError if `size` bytes are too much output in all."""
        if self._max_size is not None and size > self._max_size:
            raise LimitError(f"the output is larger than the limit of {self._max_size} bytes")

    def check_memory(
        self, model: Model | None, segment: Segment, beside: int = 0, at_a_time: int = 1
    ) -> "Allowed":
        """Return how many such segments may be decoded at a time, of `at_a_time`, and how.

        `beside` is the memory that other things take, in bytes. Raises LimitError if there is not
        enough for one.
        """
        if self.max_memory is None:
            return Allowed(at_a_time, None)
        need = codec.decoding_memory(
            model, segment.method, segment.coded_size, segment.size, segment.plain_size
        )
        if beside + need > self.max_memory:
            raise LimitError(
                f"decoding takes {beside + need} bytes of memory, more than the limit of "
                f"{self.max_memory}"
            )
        memory = self.max_memory - beside
        at_a_time = max(1, min(at_a_time, memory // max(1, need)))
        spare = memory // at_a_time - need
        return Allowed(at_a_time, codec.room_inside(segment.size, segment.plain_size, spare))


class Allowed(NamedTuple):
    """How segments may be decoded."""

    at_a_time: int
    room: int | None
    """Bytes that what is inside of something in one may have; None is no limit."""
