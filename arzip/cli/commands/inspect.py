"""`arzip inspect`: the surprisal of every byte, as a page for the browser."""

import os
from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files import outputs, sources
from arzip.cli.files.sources import STDIN
from arzip.cli.loading import load_compiled
from arzip.cli.messages import RefusedError, new_reporter
from arzip.cli.options import Size
from arzip.cli.progress import Meter, Step
from arzip.cli.settings import STDOUT, Settings

if TYPE_CHECKING:
    from arzip.analysis.inspection import Inspection, Sample

__all__ = ["command"]

SUFFIX = ".html"


@named("inspect")
@click.argument("file", metavar="FILE", type=options.path)
@click.option(
    "-o",
    "--output",
    metavar="PAGE",
    type=options.path,
    help="Write the page to PAGE (default: FILE.html, or standard output for standard input).",
)
@click.option("-f", "--force", is_flag=True, help="Overwrite PAGE.")
@options.coding_model
@click.option(
    "--most",
    type=Size(),
    metavar="SIZE",
    default=1 << 20,
    help="Show at most SIZE bytes; of a larger FILE, excerpts (default: 1M).",
)
@options.quiet
@options.progress
@click.pass_context
def command(context: click.Context, /, file: str, most: int, **values: Any) -> None:
    """Write a page that shows how well the model predicts every byte of FILE.

    The page is one HTML file that needs no network: a map of all bytes, coloured by surprisal, with
    the likeliest predictions at each, a plot of bits per byte along the file, and totals. A picture
    that is not compressed is drawn by the bits of its pixels.
    """
    if most < 1:
        raise click.UsageError(f"--most is {most}: it must be 1 or more")
    options.check_not_empty([file])
    settings = Settings(**values)
    reporter = new_reporter(settings.quiet)
    with reporter.watch(file):
        _write_page(file, most, settings)
    context.exit(reporter.status)


def _write_page(path: str, most: int, settings: Settings) -> None:
    """Write the page of a file. Raises: RefusedError, ArzipError, OSError."""
    from arzip.analysis import inspection

    named = settings.output or (STDOUT if path == STDIN else path + SUFFIX)
    with (
        sources.open_input(path) as source,
        outputs.open_named(named, compressed=False, force=settings.force) as output,
    ):
        outputs.refuse_to_replace(source.status, output)
        sample = inspection.read_sample(source.file, most)
        if not sample.data:
            raise RefusedError("is empty: there must be 1 byte or more")
        name = source.name if path == STDIN else os.path.basename(path)
        inspected = _inspect(name, sample, settings)
        page = inspection.page(inspected)
        output.write(page.encode(errors="replace"))
        output.commit(source.status)


def _inspect(name: str, sample: "Sample", settings: Settings) -> "Inspection":
    from arzip.analysis import inspection

    model = load_compiled(settings.coding_model)
    # A first byte has everything compiled before there is a progress bar.
    inspection.inspect(model, name, inspection.Sample(b"a", 1, (0,)), lambda done: None)
    done = 0

    def reach(size: int) -> None:
        nonlocal done
        done = size

    with (
        Meter(len(sample.data), wanted=settings.shows_progress) as meter,
        meter.work(name, lambda: Step(done, done)),
    ):
        return inspection.inspect(model, name, sample, reach)
