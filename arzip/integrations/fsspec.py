"""fsspec: `compression="arzip"`, and "infer" for names that end in .arz.

    arzip.register()
    fsspec.open("s3://bucket/log.txt.arz", "rt", compression="infer")

Reading is seekable where the file underneath is; what a seek costs is two small reads for the index
and the segment that is read.
"""

from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arzip.files import ArzipFile

__all__ = ["open_compressed", "register"]


def register() -> None:
    """Have fsspec know arzip, if it is installed; as often as one likes."""
    try:
        from fsspec import compression
    except ImportError:
        return
    compression.register_compression("arzip", open_compressed, "arz", force=True)


def open_compressed(file: IO[bytes], mode: str = "rb", **options: Any) -> "ArzipFile":
    """An ArzipFile over a file of fsspec's, which ends with it; the options are ArzipFile's."""
    from arzip.files import ArzipFile

    return ArzipFile(file, mode, **options)
