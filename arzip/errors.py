"""What can go wrong, as exceptions. Each message is one line: what is wrong, and the mend where
there is one.

`ArzipError` is the base of everything that arzip raises about its input; it is caught once, at
the edge.
"""

__all__ = [
    "ArzipError",
    "ChecksumError",
    "FormatError",
    "LimitError",
    "ModelError",
    "TruncatedError",
    "WorkerError",
]


class ArzipError(Exception):
    """Base of arzip's own errors."""


class FormatError(ArzipError):
    """The bytes are not an .arz file, or one that this version cannot read."""


class TruncatedError(FormatError, EOFError):
    """The file ends before its last frame does."""


class ChecksumError(ArzipError):
    """The bytes were changed after they were written: a checksum does not hold."""


class ModelError(ArzipError):
    """The model is unknown, damaged, or not the one that the file was made with."""


class LimitError(ArzipError):
    """Decoding would take more output or memory than is allowed."""


class WorkerError(ArzipError):
    """The executor that was given did not do its part: a worker died, or could not be reached."""
