"""`arzip sample`: bytes drawn from the model."""

import codecs
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.loading import load_compiled
from arzip.cli.messages import new_reporter, printable
from arzip.cli.options import Size
from arzip.cli.settings import Settings

if TYPE_CHECKING:
    from arzip.analysis.sampling import Sampling

__all__ = ["command", "shown"]


@named("sample")
@options.coding_model
@click.option("--prompt", metavar="TEXT", help="Continue TEXT.")
@click.option(
    "--prompt-file",
    type=click.File("rb"),
    metavar="FILE",
    help="Continue the bytes of FILE, which may be any.",
)
@click.option(
    "--bytes", "n", type=Size(), default=100, show_default=True, help="How many bytes to write."
)
@click.option("--greedy", is_flag=True, help="Take the likeliest byte each time.")
@click.option(
    "--temperature",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    metavar="T",
    help="Below 1, likely bytes get likelier; above 1, less likely.",
)
@click.option(
    "--top-k", type=click.IntRange(1, 256), metavar="K", help="Draw from the K likeliest bytes."
)
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="P",
    help="Draw from the fewest bytes whose probabilities add up to P.",
)
@click.option(
    "--beam",
    type=click.IntRange(1, 64),
    metavar="B",
    help="Search for the likeliest sequence, with B candidates at a time.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="The same seed gives the same bytes.",
)
@options.quiet
@click.pass_context
def command(
    context: click.Context,
    /,
    prompt: str | None,
    prompt_file: BinaryIO | None,
    n: int,
    model: str | None,
    quiet: int,
    **how: Any,
) -> None:
    """Write what the model expects after the prompt, drawn at random.

    Only the new bytes go to standard output; on a terminal, control characters are escaped.
    """
    from arzip.analysis.sampling import Sampling

    given = _prompt(prompt, prompt_file)
    try:
        sampling = Sampling(**how)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    reporter = new_reporter(quiet)
    with reporter.watch("(stdout)"):
        _write(Settings(model=model).coding_model, given, n, sampling)
    context.exit(reporter.status)


def _prompt(text: str | None, file: BinaryIO | None) -> bytes:
    """Return the prompt. Raises: click.UsageError if there are two, or an empty one."""
    if text is None and file is None:
        return b""
    if text is not None and file is not None:
        raise click.UsageError("--prompt and --prompt-file cannot be combined: choose one")
    # An argument that is no valid text stands for bytes too.
    prompt = text.encode(errors="surrogateescape") if text is not None else b""
    if file is not None:
        prompt = file.read()
    if not prompt:
        raise click.UsageError("the prompt is empty: give 1 byte or more, or leave it out")
    return prompt


def _write(name: str, prompt: bytes, n: int, how: "Sampling") -> None:
    """Write `n` bytes to standard output. Raises: ArzipError, OSError."""
    from arzip.analysis import sampling

    model = load_compiled(name)
    output = sys.stdout.buffer
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    for piece in sampling.generate(model, prompt, n, how):
        output.write(shown(decoder.decode(piece)) if output.isatty() else piece)
        output.flush()
    if output.isatty():
        output.write(shown(decoder.decode(b"", final=True) + "\n"))
        output.flush()


def shown(text: str) -> bytes:
    """Return `text` as bytes for a terminal, with control characters escaped."""
    lines = (printable(line) for line in text.expandtabs(4).split("\n"))
    return "\n".join(lines).encode(errors="replace")
