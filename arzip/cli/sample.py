"""`arzip sample`: what the model would write."""

import codecs
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from arzip.cli import options
from arzip.cli.coding import load_prepared, watch_compiling
from arzip.cli.messages import Reporter, printable
from arzip.cli.options import Settings, Size

if TYPE_CHECKING:
    from arzip.analysis.sampling import Sampling

STDOUT = "(stdout)"


@click.command(cls=options.Command, context_settings=options.HELP)
@options.coding_model
@click.option("--prompt", metavar="TEXT", help="Go on from TEXT.")
@click.option(
    "--prompt-file",
    type=click.File("rb"),
    metavar="FILE",
    help="Go on from the bytes of FILE, whatever they are.",
)
@click.option(
    "--bytes", "n", type=Size(), default=100, show_default=True, help="How many to write."
)
@click.option("--greedy", is_flag=True, help="The likeliest byte each time.")
@click.option(
    "--temperature",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    metavar="T",
    help="Below 1 the likely gets likelier, above 1 less so.",
)
@click.option("--top-k", type=click.IntRange(1, 256), metavar="K", help="Of the K likeliest bytes.")
@click.option(
    "--top-p",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="P",
    help="Of the fewest bytes with a probability of P together.",
)
@click.option(
    "--beam",
    type=click.IntRange(1, 64),
    metavar="B",
    help="Search for the likeliest bytes together, B hypotheses at a time.",
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
def sample(
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

    Nothing but the new bytes goes to standard output; a terminal gets control characters escaped.
    """
    from arzip.analysis.sampling import Sampling

    given = _prompt(prompt, prompt_file)
    try:
        sampling = Sampling(**how)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    reporter = Reporter(quiet)
    watch_compiling(reporter)
    with reporter.watch(STDOUT):
        _write(Settings(model=model).coding_model, given, n, sampling)
    context.exit(reporter.status)


def _prompt(text: str | None, file: BinaryIO | None) -> bytes:
    """Raises: click.UsageError if both are given, or one that is empty."""
    if text is None and file is None:
        return b""
    if text is not None and file is not None:
        raise click.UsageError("--prompt and --prompt-file are two ways to say it: choose one")
    # Arguments that are no valid text are bytes all the same.
    prompt = text.encode(errors="surrogateescape") if text is not None else b""
    if file is not None:
        prompt = file.read()
    if not prompt:
        raise click.UsageError("the prompt is empty: give 1 byte or more, or leave it out")
    return prompt


def _write(name: str, prompt: bytes, n: int, how: "Sampling") -> None:
    """Raises: ArzipError, OSError."""
    from arzip.analysis import sampling

    model = load_prepared(name)
    output = sys.stdout.buffer
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
    for piece in sampling.generate(model, prompt, n, how):
        output.write(_shown(decoder.decode(piece)) if output.isatty() else piece)
        output.flush()
    if output.isatty():
        output.write(_shown(decoder.decode(b"", final=True) + "\n"))
        output.flush()


def _shown(text: str) -> bytes:
    """As a terminal shows and does not obey it."""
    lines = (printable(line) for line in text.expandtabs(4).split("\n"))
    return "\n".join(lines).encode(errors="replace")
