"""What recovering a file gives."""

from dataclasses import dataclass

__all__ = ["Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file, from front to back: a segment, or something that was lost."""

    begin: int
    end: int
    """Where it is in the file."""
    size: int | None
    """Bytes of data; None if nothing is left that tells."""
    data: bytes | None
    """None if it is lost."""
    why: str = ""
    """What is wrong with it, if it is lost."""
    lacks_model: bool = False
    """Whether it is lost only because no model at hand can decode it."""
    unverified: bytes = b""
    """The beginning of a lost piece, if it was asked for: no checksum says that it is right."""
    likely: int = 0
    """How many bytes of that are likely right."""
    basis: str = ""
    """Why they are likely right, in words."""
