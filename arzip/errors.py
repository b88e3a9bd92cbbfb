"""The exceptions. Each message is one line: what is wrong, and how to fix it if one can.

`ArzipError` is the base of everything that arzip raises about its input. The command line catches
it, once.
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
    """A checksum does not hold: the bytes were changed after they were written."""


class ModelError(ArzipError):
    """The model is unknown or damaged, or not the one that the file was made with."""


class LimitError(ArzipError):
    """Decoding would take more output or memory than is allowed."""


class WorkerError(ArzipError):
    """A worker of the executor that was given died, or could not be reached."""
