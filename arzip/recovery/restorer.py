"""From a place in a damaged file to its data, verified or not, within limits."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from arzip import codec
from arzip.codec import Model
from arzip.errors import (
    ArzipError,
    ChecksumError,
    FormatError,
    LimitError,
    ModelError,
    TruncatedError,
)
from arzip.format.layout import ENDS_EARLY, open_body
from arzip.recovery.piece import Piece
from arzip.recovery.salvage import salvage
from arzip.recovery.scan import UNKNOWN, Place, Scan
from arzip.streams.decompressor import restore
from arzip.streams.policy import Policy

__all__ = ["Restorer"]


class Restorer:
    """Decodes what the policy allows; with `unverified`, also the beginnings of lost segments."""

    def __init__(self, scan: Scan, policy: Policy, *, unverified: bool) -> None:
        self._scan = scan
        self._policy = policy
        self._unverified = unverified
        self._given = 0  # bytes of data

    def piece(self, place: Place, after: int = 0) -> Piece:
        """Return the segment, with its data if its checksums hold and it begins `after` a place.

        Raises LimitError.
        """
        data, why, lacks_model = None, "", False
        try:
            data = self._data(place, after)
        except LimitError:
            raise
        except ArzipError as error:
            why, lacks_model = str(error), isinstance(error, ModelError)
        # An index may claim places outside the file.
        begin, end = (min(max(after, at), self._scan.size) for at in (place.begin, place.end))
        return Piece(begin, end, place.segment.size, data, why, lacks_model)

    def complete(self, piece: Piece, place: Place) -> Piece:
        """Return the piece; if it is lost, with its unverified beginning if that is wanted."""
        if piece.data is not None or not self._unverified or place.begin < piece.begin:
            return piece
        segment, payload_is_whole = place.segment, False
        left = max(0, min(segment.body_size, self._scan.size - place.body))
        body = self._scan.read(place.body, left)
        if segment.long and len(body) == segment.body_size:
            with contextlib.suppress(ArzipError):
                open_body(segment, body)
                payload_is_whole = True
        model = self._likely_model(place)
        self._policy.check_size(self._given + segment.size)
        allowed = self._policy.check_memory(model, segment, beside=segment.size)
        data, likely, basis = salvage(
            model, segment, body, payload_is_whole=payload_is_whole, room=allowed.room
        )
        self._given += len(data)
        return replace(piece, unverified=data, likely=likely, basis=basis)

    def _likely_model(self, place: Place) -> Model | None:
        """Return the model that the frame names; the one that was given if that is damaged."""
        if codec.needs_model(place.segment.method) and place.header is not UNKNOWN:
            with contextlib.suppress(ModelError):
                return self._policy.model(place.header.identity)
        return self._policy.given

    def _data(self, place: Place, after: int) -> bytes:
        if place.begin < after or place.end > self._scan.size:
            raise TruncatedError(ENDS_EARLY)
        body = self._scan.read(place.body, place.segment.body_size)
        payload = open_body(place.segment, body)
        self._policy.check_size(self._given + place.segment.size)
        failure: ArzipError | None = None
        for model in self._models(place):
            allowed = self._policy.check_memory(model, place.segment)
            try:
                data = restore(model, payload, allowed.room)
            except (ChecksumError, FormatError) as error:
                failure = error
            else:
                self._given += len(data)
                return data
        raise failure or ModelError("the model is not known")

    def _models(self, place: Place) -> Sequence[Model | None]:
        """Return the model that the frame names; all known models if that is damaged."""
        if not codec.needs_model(place.segment.method):
            return [None]
        if place.header is UNKNOWN:
            return self._policy.all_models()
        return [self._policy.model(place.header.identity)]
