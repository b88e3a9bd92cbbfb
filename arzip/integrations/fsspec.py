"""fsspec: `compression="arzip"`, and "infer" for names that end in .arz.

    arzip.register()
    fsspec.open("s3://bucket/log.txt.arz", "rt", compression="infer")

Reading is seekable if the file below is. A seek takes two small reads for the index, and decoding
one segment.
"""

from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arzip.files import ArzipFile

__all__ = ["open_compressed", "register"]


def register() -> None:
    """Add arzip to fsspec, if it is installed. May be called again."""
    try:
        from fsspec import compression
    except ImportError:
        return
    compression.register_compression("arzip", open_compressed, "arz", force=True)


def open_compressed(file: IO[bytes], mode: str = "rb", **options: Any) -> "ArzipFile":
    """Return an ArzipFile over a file of fsspec's; the options are ArzipFile's."""
    from arzip.files import ArzipFile

    return ArzipFile(file, mode, **options)
