"""Streams: `ArzipCompressor` and `ArzipDecompressor`, shaped after the standard library's lzma.

Here is the policy that container.py leaves open: how input is cut into segments, how many are
worked on at a time, what is refused. Memory holds a few segments, however long the stream.
Segments are coded by threads, or by the executor that is given (workers.py), but always given out
in order, so that neither ever changes a byte.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh64

from arzip import codec, container
from arzip.arguments import whole, whole_or_none
from arzip.codec import Coded, CodeLength, Model, Progress
from arzip.container import End, FrameReader, FrameWriter, Header, Payload, Segment
from arzip.density import Account, histogram
from arzip.errors import ArzipError, ChecksumError, LimitError, TruncatedError
from arzip.levels import choose
from arzip.workers import Ordered

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = [
    "DEFAULT_SEGMENT",
    "ArzipCompressor",
    "ArzipDecompressor",
    "FramesDecompressor",
    "ModelLike",
    "Policy",
    "as_view",
    "decompress",
    "refuse_to_pickle",
    "restore",
]

DEFAULT_SEGMENT = 1 << 25
"""Bytes of input in a segment: 32 MiB. What a model learns and the memory it takes end there."""

READ_SIZE = 1 << 16

ModelLike = str | os.PathLike[str] | Model


class _Job(NamedTuple):
    coded: Coded
    histogram: NDArray[np.int64]


class ArzipCompressor:
    """Compresses a stream to one frame.

    The frame depends on the stream, the model and the segment size, and on nothing else. `model`
    is a name, the path of a model file, or a loaded model; a `level` from 1 to 9 names one in its
    place, by default 6. `threads` segments of `segment_size` bytes (32 MiB, at most 64 MiB) are
    coded at a time, each in the model's working memory; 0 means one for each core. With an
    `executor` its workers code them, as many as it has unless `threads` says otherwise. Several
    threads may share a compressor. Raises ModelError for an unknown model, ValueError for a model
    and a level together.
    """

    def __init__(
        self,
        model: ModelLike | None = None,
        *,
        level: int | None = None,
        threads: int | None = None,
        executor: Executor | None = None,
        segment_size: int | None = None,
    ) -> None:
        if segment_size is None:
            segment_size = DEFAULT_SEGMENT
        self._segment_size = whole("segment_size", segment_size, 1, container.MAX_SEGMENT)
        self.model = choose(model, level)
        self._buffer = bytearray()
        self._jobs: Ordered[_Job] = Ordered(threads, executor)
        self._started: deque[bytes] = deque()  # the data of the jobs
        self._writer: FrameWriter | None = None
        self._flushed = False
        self._failure: BaseException | None = None
        self._lock = threading.Lock()
        self._input_size = 0  # of these bytes, `_size` are in segments that are coded
        self._size = self._file_size = 0
        self._code = CodeLength()
        self._histogram = histogram(b"")

    @property
    def worked(self) -> tuple[int, float]:
        """Bytes of the stream that are coded, and about what they take: not only whole segments."""
        return self._jobs.worked

    @property
    def account(self) -> Account:
        """What was given out so far, and what it is made of."""
        counts = tuple(self._histogram.tolist())
        return Account(self._size, self._file_size, self._code, counts)

    def compress(self, data: "ReadableBuffer") -> bytes:
        """Take more of the stream; return more of the frame, often nothing.

        Raises ValueError after `flush`.
        """
        view = as_view(data)
        out = []
        with self._work():
            while view:
                # Coded only now that more follows it: it is not all, so the frame is a long one.
                if len(self._buffer) == self._segment_size:
                    out.append(self._start_segment())
                room = self._segment_size - len(self._buffer)
                self._buffer += view[:room]
                self._input_size += len(view[:room])
                view = view[room:]
            return self._given(out)

    def flush(self) -> bytes:
        """End the stream; return the rest of the frame. Raises ValueError the second time."""
        with self._work():
            self._flushed = True
            if self._writer is None:
                out = [self._compact()]
            else:
                out = [self._start_segment()]
                out.extend(self._finish_segment(self._writer) for _ in range(len(self._jobs)))
                out.append(self._writer.finish())
            self._jobs.close()
            return self._given(out)

    def __repr__(self) -> str:
        sizes = f"{self._input_size:,} bytes in, {self._file_size:,} out"
        return f"<arzip.{type(self).__name__} model={self.model.name!r}: {sizes}>"

    def __reduce__(self) -> NoReturn:
        refuse_to_pickle(self)

    @contextmanager
    def _work(self) -> Iterator[None]:
        """Around what one thread may do at a time, and nobody after it failed halfway.

        What was taken may be lost then; so that no frame is ended as if it were whole, every later
        call raises the same error, or, after an interrupt, an ArzipError.
        """
        with self._lock:
            if isinstance(self._failure, Exception):
                raise self._failure
            if self._failure is not None:
                raise ArzipError("it was interrupted, so the frame cannot be ended")
            if self._flushed:
                raise ValueError("the compressor was flushed")
            try:
                yield
            except BaseException as error:
                self._failure = error
                self._jobs.close()
                raise

    def _start_segment(self) -> bytes:
        out = []
        if self._writer is None:
            self._writer = FrameWriter(self.model.identity)
            out.append(self._writer.header())
        self._start_job()
        if self._jobs.is_full:
            out.append(self._finish_segment(self._writer))
        return b"".join(out)

    def _finish_segment(self, writer: FrameWriter) -> bytes:
        data, job = self._finish_job()
        self._book(data, job)
        return writer.segment(job.coded, data)

    def _compact(self) -> bytes:
        self._start_job()
        data, job = self._finish_job()
        frame = container.compact_frame(self.model.identity, job.coded, data)
        if len(frame) > len(data):
            # The few bytes that a model's frame needs more may be more than the model saves.
            plain = job._replace(coded=codec.stored(data))
            plain_frame = container.compact_frame(self.model.identity, plain.coded, data)
            if len(plain_frame) <= len(frame):
                job, frame = plain, plain_frame
        self._book(data, job)
        return frame

    def _start_job(self) -> None:
        data, self._buffer = bytes(self._buffer), bytearray()
        self._jobs.put(_code, self.model, data)
        self._started.append(data)

    def _finish_job(self) -> tuple[bytes, _Job]:
        job = self._jobs.get()
        return self._started.popleft(), job

    def _book(self, data: bytes, job: _Job) -> None:
        self._size += len(data)
        self._code += job.coded.account
        self._histogram += job.histogram

    def _given(self, out: list[bytes]) -> bytes:
        given = b"".join(out)
        self._file_size += len(given)
        return given


class Policy:
    """What decoding may use: models and memory."""

    def __init__(
        self, model: ModelLike | None, max_size: int | None, max_memory: int | None
    ) -> None:
        self.given = None if model is None else choose(model)
        self._max_size = whole_or_none("max_size", max_size, 0)
        self.max_memory = whole_or_none("max_memory", max_memory, 0)

    def model(self, identity: bytes | None) -> Model | None:
        """The model of that identity; None if none is needed. Raises ModelError if missing."""
        if identity is None:
            return None
        if self.given is not None and self.given.identity == identity:
            return self.given
        from arzip.models.registry import by_identity

        return by_identity(identity, self.given)

    def all_models(self) -> list[Model]:
        """Every model that there is."""
        from arzip.models.registry import every

        return [*([] if self.given is None else [self.given]), *every()]

    def check_size(self, size: int) -> None:
        """Raise LimitError if that is too much output in all."""
        if self._max_size is not None and size > self._max_size:
            raise LimitError(f"the output is larger than the limit of {self._max_size} bytes")

    def check_memory(self, model: Model | None, segment: Segment, beside: int = 0) -> int:
        """How many such segments may be decoded at a time, `beside` what else is held.

        Raises LimitError if that is none.
        """
        if self.max_memory is None:
            return sys.maxsize
        need = codec.decoding_memory(model, segment.method, segment.coded_size, segment.size)
        if beside + need > self.max_memory:
            raise LimitError(
                f"decoding takes {beside + need} bytes of memory, more than the limit of "
                f"{self.max_memory}"
            )
        return max(1, (self.max_memory - beside) // max(1, need))


class ArzipDecompressor:
    """Restores the data of one frame; what follows the frame is left in `unused_data`.

    `model` is needed for a frame that was made with a model that arzip does not have. `max_size`
    limits the bytes of output in all, `max_memory` the bytes that decoding segments takes; None
    is no limit. `threads` and `executor` as for ArzipCompressor; with more than one segment at a
    time, output lags behind input. Several threads may share a decompressor.
    """

    def __init__(
        self,
        *,
        model: ModelLike | None = None,
        threads: int | None = None,
        executor: Executor | None = None,
        max_size: int | None = None,
        max_memory: int | None = None,
    ) -> None:
        self.policy = Policy(model, max_size, max_memory)
        self._buffer = bytearray()
        self._reader: FrameReader | None = FrameReader(self._buffer)
        self._model: Model | None = None  # of the frame that is being read
        self._between_frames = False
        self._jobs: Ordered[bytes | End] = Ordered(threads, executor)
        self._content = xxh64()  # of the frame's data so far
        self._claimed = 0  # bytes of output that the headers so far announce
        self._input_size = self._output_size = 0
        self._error: Exception | None = None  # raised when what precedes it was given out
        self._segment = b""
        self._used = 0  # bytes of the segment that were given out
        self._lock = threading.Lock()

    @property
    def eof(self) -> bool:
        """Whether the end of the frame was reached and all of its data given out."""
        return not (self._reader or self._jobs or self._error or self._is_ready)

    @property
    def needs_input(self) -> bool:
        """Whether more input is what `decompress` needs to give more output."""
        return (
            not (self._is_ready or self._jobs.is_full or self._error) and self._reader is not None
        )

    @property
    def worked(self) -> tuple[int, float]:
        """Bytes of data that are decoded, and about what they took: not only whole segments."""
        return self._jobs.worked

    @property
    def unused_data(self) -> bytes:
        """What was found after the end of the frame; b"" before that."""
        return bytes(self._buffer) if self.eof else b""

    def decompress(self, data: "ReadableBuffer", max_length: int = -1) -> bytes:
        """Take more of the frame; return more of its data, at most `max_length` bytes if not < 0.

        Data is given out when the checksum of its segment held, not before. Empty `data` says
        that there is nothing to do but wait for what threads are working on. Raises EOFError
        after the end of the frame, and FormatError, ChecksumError, ModelError or LimitError where
        the frame cannot be decoded; if there is a `max_length`, what precedes that place is given
        out first.
        """
        view = as_view(data)
        max_length = whole("max_length", max_length, -sys.maxsize)
        with self._lock:
            return self._decompress(view, max_length)

    def _decompress(self, view: memoryview, max_length: int) -> bytes:
        if self.eof:
            raise EOFError("the end of the frame was reached")
        self._buffer += view
        self._input_size += len(view)
        out: list[bytes] = []
        room = max_length
        while room and self._get_ready(wait=not view and (max_length < 0 or not out)):
            end = self._used + room if room > 0 else len(self._segment)
            out.append(self._segment[self._used : end])
            self._used += len(out[-1])
            self._output_size += len(out[-1])
            room -= len(out[-1]) if room > 0 else 0
        self._parse()
        if self._error and not self._jobs and not self._is_ready and (max_length < 0 or not out):
            raise self._error
        return b"".join(out)

    def __repr__(self) -> str:
        sizes = f"{self._input_size:,} bytes in, {self._output_size:,} out"
        return f"<arzip.{type(self).__name__}: {sizes}{', at the end' if self.eof else ''}>"

    def __reduce__(self) -> NoReturn:
        refuse_to_pickle(self)

    @property
    def segment(self) -> tuple[int, bytes]:
        """The data of the segment at hand, and how much of it was given out."""
        return self._used, self._segment

    @property
    def _is_ready(self) -> bool:
        """Whether data is there to be given out."""
        return self._used < len(self._segment)

    def _get_ready(self, wait: bool) -> bool:
        """Whether there is data to give out. May decode some, if only to `wait` for threads."""
        while not self._is_ready:
            self._parse()
            no_more = self._reader is None or self._error is not None
            if not self._jobs or not (wait or no_more or self._jobs.is_full):
                return False
            self._finish_job()
        return True

    def _parse(self) -> None:
        """Begin to decode what the buffer holds, as far as there are threads for it."""
        try:
            while self._reader and not self._error and not self._jobs.is_full:
                part = self._reader.read()
                if part is None:
                    break
                self._take(part)
        except Exception as error:
            self._error = error

    def _take(self, part: Header | Segment | Payload | End) -> None:
        match part:
            case Header():
                self._between_frames = False
                self._model = self.policy.model(part.identity)
            case Segment():
                self._claimed += part.size
                self.policy.check_size(self._claimed)
                at_a_time = self.policy.check_memory(self._model, part)
                self._jobs.capacity = min(self._jobs.capacity, at_a_time)
            case Payload():
                self._jobs.put(restore, self._model, part)
            case End():
                self._between_frames = True
                self._jobs.put_result(part)
                self._reader = self._reader_of_next()

    def _reader_of_next(self) -> FrameReader | None:
        return None

    def _finish_job(self) -> None:
        try:
            result = self._jobs.get()
            if isinstance(result, End):
                self._check_content(result)
            else:
                self._content.update(result)
                self._segment, self._used = result, 0
        except Exception as error:
            self._error = error
            self._jobs.close()

    def _check_content(self, end: End) -> None:
        if end.check is not None and end.check != self._content.intdigest():
            raise ChecksumError("the file is damaged: the checksum of the whole does not hold")
        self._content.reset()


class FramesDecompressor(ArzipDecompressor):
    """Restores the data of all frames that come."""

    def close(self) -> None:
        """Let threads end; what they worked on is lost."""
        self._jobs.close()

    def finish(self) -> bytes:
        """The rest of the data. Raises TruncatedError if the last frame is not complete."""
        rest = self.decompress(b"")
        if self._buffer or not self._between_frames:
            raise TruncatedError(container.ENDS_EARLY)
        return rest

    def _reader_of_next(self) -> FrameReader:
        return FrameReader(self._buffer, first=False)


def decompress(
    data: "ReadableBuffer",
    *,
    model: ModelLike | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    max_size: int | None = None,
    max_memory: int | None = None,
) -> bytes:
    """See arzip.decompress."""
    decompressor = FramesDecompressor(
        model=model,
        threads=threads,
        executor=executor,
        max_size=max_size,
        max_memory=max_memory,
    )
    view = as_view(data)
    pieces = range(0, len(view), READ_SIZE)
    try:
        out = [decompressor.decompress(view[first : first + READ_SIZE]) for first in pieces]
        return b"".join([*out, decompressor.finish()])
    finally:
        decompressor.close()


def _code(model: Model, data: bytes, progress: Progress = codec.unwatched) -> _Job:
    return _Job(codec.encode(model, data, progress), histogram(data))


def restore(model: Model | None, payload: Payload, progress: Progress = codec.unwatched) -> bytes:
    """The data of a segment. Raises FormatError or ChecksumError if it was changed."""
    segment = payload.segment
    data = codec.decode(model, segment.method, payload.payload, segment.size, progress)
    payload.verify(data)
    return data


def as_view(data: "ReadableBuffer") -> memoryview:
    """Any bytes-like object as a row of bytes. Raises TypeError for what is none, such as str."""
    try:
        view = memoryview(data)
    except TypeError:
        kind = type(data).__name__
        raise TypeError(f"a bytes-like object is required, not {kind!r}") from None
    if view.contiguous and view.ndim == 1 and view.format == "B":
        return view
    return memoryview(view.tobytes())


def refuse_to_pickle(stream: object) -> NoReturn:
    """Half of a stream cannot be sent or copied. Raises TypeError, as the standard library does."""
    raise TypeError(f"cannot pickle {type(stream).__name__!r} object")
