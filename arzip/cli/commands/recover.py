"""`arzip recover`: the intact parts of a damaged file, and a report of what is lost."""

from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files import outputs, sources
from arzip.cli.files.outputs import Output
from arzip.cli.messages import RefusedError, Reporter, new_reporter, printable
from arzip.cli.settings import Settings

if TYPE_CHECKING:
    from arzip.recovery import Piece

__all__ = ["command"]

ZEROS = bytes(1 << 16)


@named("recover")
@click.argument("damaged", metavar="DAMAGED", type=options.path)
@click.option(
    "-o", "--output", metavar="OUT", type=options.path, required=True, help="Write to OUT."
)
@click.option(
    "--fill/--omit",
    default=False,
    help="Write zeros in place of lost data whose length is known, so that the rest keeps its "
    "place, or leave it out (default).",
)
@click.option(
    "--unverified",
    is_flag=True,
    help="Also write the beginning of lost data, as far as it can be decoded and makes sense, "
    "although no checksum confirms it.",
)
@click.option("-f", "--force", is_flag=True, help="Overwrite OUT.")
@options.decoding_model
@options.limits
@options.loudness
@click.pass_context
def command(
    context: click.Context,
    /,
    damaged: str,
    output: str,
    fill: bool,
    unverified: bool,
    **values: Any,
) -> None:
    """Write the data of DAMAGED whose checksums match to OUT.

    Reports which bytes are lost, and then exits with status 2. If all are lost, there is no OUT and
    the status is 1.
    """
    settings = Settings(**values)
    reporter = new_reporter(settings.quiet, settings.verbose)
    with reporter.watch(damaged):
        _recover(damaged, output, settings, reporter, fill=fill, unverified=unverified)
    context.exit(reporter.status)


def _recover(
    damaged: str,
    name: str,
    settings: Settings,
    reporter: Reporter,
    *,
    fill: bool,
    unverified: bool,
) -> None:
    """Write the output and report what is lost. Raises: RefusedError, ArzipError, OSError."""
    from arzip.recovery import recover_file

    if damaged == sources.STDIN:
        raise RefusedError("cannot be searched for intact data; save it to a file first")
    with (
        sources.open_source(damaged) as source,
        outputs.open_named(name, compressed=False, force=settings.force) as output,
    ):
        outputs.refuse_to_replace(source.status, output)
        if not source.file.seekable():
            raise RefusedError("cannot be searched for intact data; save it to a file first")
        pieces = recover_file(
            source.file,
            model=settings.model,
            max_size=settings.max_size,
            max_memory=settings.max_memory,
            unverified=unverified,
        )
        at, recovered, decoded = 0, 0, 0
        known = True  # whether `at` is the place in the data
        is_damaged, lacking = False, ""  # why no model can decode what is lost
        for piece in pieces:
            if piece.data is None:
                loss = _loss(piece, at if known else None)
                if piece.size == 0:
                    reporter.announce(f"{printable(source.name)}: {loss}")
                elif not piece.lacks_model or piece.why != lacking:
                    reporter.warn(source.name, loss)
                is_damaged |= piece.size != 0 and not piece.lacks_model
                lacking = piece.why if piece.lacks_model else lacking
                output.write(piece.unverified)
                decoded += len(piece.unverified)
                _fill(output, (piece.size or 0) - len(piece.unverified) if fill else 0)
            else:
                output.write(piece.data)
                recovered += len(piece.data)
            at += piece.size or 0
            known = known and piece.size is not None
        if (is_damaged or lacking) and not recovered + decoded:
            hint = "" if unverified else "; --unverified writes what can be decoded anyway"
            why = f"no checksum matches{hint}" if is_damaged else lacking
            raise RefusedError(f"nothing can be recovered: {why}")
        output.commit(source.status)
    more = f", and {decoded:,} that are unverified" if decoded else ""
    reporter.note(f"{printable(source.name)}: {recovered:,} bytes recovered{more}")


def _fill(output: Output, left: int) -> None:
    """Write that many zeros."""
    while left:
        zeros = ZEROS[:left]
        output.write(zeros)
        left -= len(zeros)


def _loss(piece: "Piece", at: int | None) -> str:
    """Return what is lost with this piece, which is `at` this place in the data, if known."""
    place = f"at bytes {piece.begin:,} to {piece.end:,} of the file: {piece.why}"
    if piece.size == 0:
        return f"nothing lost {place}"
    if piece.size is None:
        return f"lost an unknown number of bytes {place}"
    left = len(piece.unverified)
    lost = f"lost {_bytes(left, piece.size, at)} {place}" if left < piece.size else ""
    if not left:
        return lost
    kept = f"unverified {_bytes(0, left, at)}{'' if lost else f' {place}'}"
    return f"{kept}: {piece.basis}" + (f"; {lost}" if lost else "")


def _bytes(begin: int, end: int, at: int | None) -> str:
    """Return a range of a piece in words."""
    if at is None:
        return f"{end - begin:,} bytes"
    return f"bytes {at + begin:,} to {at + end:,} of the data"
