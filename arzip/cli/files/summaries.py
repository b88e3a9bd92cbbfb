"""Summaries of work on files, for -v: sizes, bits per byte, speed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arzip.density import Account

__all__ = ["of_compressing", "of_decompressing", "of_found", "of_many"]

_RUNS = ("noise", "utf-16", "base64", "font")  # kinds of what is no stream


def of_compressing(account: "Account", seconds: float) -> str:
    """Return both sizes, bits per byte as the model's cross-entropy and the rest, and the speed."""
    if not account.size:
        return f"0 -> {account.file_bytes} bytes"
    report = account.report("")
    share = 100 * account.file_bytes / account.size
    code = account.code
    inside = f" ({of_found(code.found)}, {code.inside:,} bytes inside)" if code.inside else ""
    return (
        f"{account.size:,} -> {account.file_bytes:,} bytes ({share:.2f} %){inside}, "
        f"{report.achieved:.4f} bits/byte = {report.cross_entropy:.4f} of the model "
        f"+ {report.achieved - report.cross_entropy:.4f}{_speed(account.size, seconds)}"
    )


def of_found(found: Mapping[str, int]) -> str:
    """Return how many streams or runs of each kind there are."""

    def counted(kind: str, count: int) -> str:
        what = "run" if kind in _RUNS else "stream"
        return f"{kind}: {count:,} {what}{'' if count == 1 else 's'}"

    return ", ".join(counted(*item) for item in found.items())


def of_decompressing(size: int, seconds: float) -> str:
    """Return the size of the data and the speed."""
    return f"{size:,} bytes{_speed(size, seconds)}"


def of_many(done: Sequence[tuple[int, int | None]], seconds: float) -> str:
    """Return a summary of several files.

    `done` has, for each, the bytes of data and, if it was compressed, of the output.
    """
    size = sum(size for size, _ in done)
    coded = [coded for _, coded in done if coded is not None]
    files = f"{len(done):,} file{'' if len(done) == 1 else 's'}"
    if not coded:
        return f"{files}: {of_decompressing(size, seconds)}"
    share = f" ({100 * sum(coded) / size:.2f} %)" if size else ""
    return f"{files}: {size:,} -> {sum(coded):,} bytes{share}{_speed(size, seconds)}"


def _speed(size: int, seconds: float) -> str:
    return f", {size / 1e6 / seconds:.2f} MB/s" if size and seconds > 0 else ""
