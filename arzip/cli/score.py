"""`arzip score`: which model explains a file best, and which lines of it none explains."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from arzip.cli import options, sources
from arzip.cli.coding import load_prepared, watch_compiling
from arzip.cli.evaluation import new_table, print_table
from arzip.cli.messages import RefusedError, Reporter, printable
from arzip.cli.progress import Meter, Step
from arzip.cli.sources import Source, chunks
from arzip.levels import DEFAULT_LEVEL, LEVELS

if TYPE_CHECKING:
    from arzip.codec import Model


@click.command(cls=options.Command, context_settings=options.HELP)
@options.required_files
@click.option(
    "-m",
    "--model",
    "names",
    metavar="MODEL,...",
    help="Score under these models (default: all that arzip has; with --lines: base).",
)
@click.option("--lines", is_flag=True, help="Score every line, and print the oddest first.")
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def score(
    context: click.Context,
    /,
    files: Sequence[str],
    names: str | None,
    lines: bool,
    as_json: bool,
    quiet: int,
    progress: bool,
) -> None:
    """Say in bits per byte how well each model explains each FILE.

    With --lines, how badly the lines around it explain each line: the odd lines of a log come
    first. --json prints an object a file, or a line.
    """
    from arzip.models import registry

    options.check_not_empty(files)
    default = [LEVELS[DEFAULT_LEVEL]] if lines else registry.names()
    chosen = names.split(",") if names else default
    if lines and len(chosen) > 1:
        raise click.UsageError("--lines takes one model, not several")
    reporter = Reporter(quiet)
    watch_compiling(reporter)
    loaded = {name: load_prepared(name) for name in chosen}
    if lines:
        print_lines(files, loaded[chosen[0]], reporter, as_json=as_json)
    else:
        print_files(files, loaded, reporter, as_json=as_json, progress=progress and not quiet)
    context.exit(reporter.status)


def print_files(
    files: Sequence[str],
    models: dict[str, "Model"],
    reporter: Reporter,
    *,
    as_json: bool,
    progress: bool,
) -> None:
    """The cross-entropy of each file under each model, and which is least."""
    table = new_table("Bytes", *map(printable, models), "Best")
    for path in files:
        with reporter.watch(path), sources.open_input(path) as source:
            size, figures = _score_file(source, list(models.values()), progress=progress)
            scores = dict(zip(models, figures, strict=True))
            best = min(scores, key=lambda name: scores[name])
            if as_json:
                row = {"file": source.name, "bytes": size, "bits_per_byte": scores, "best": best}
                click.echo(json.dumps(row))
            else:
                shown = (f"{figure:.4f}" for figure in figures)
                table.add_row(f"{size:,}", *shown, printable(best), printable(source.name))
    if table.row_count:
        print_table(table)


def _score_file(
    source: Source, models: Sequence["Model"], *, progress: bool
) -> tuple[int, list[float]]:
    """Bytes, and bits per byte under each model, as `eval` has it. Reads the file once."""
    from arzip.streams.compressor import ArzipCompressor

    compressors = [ArzipCompressor(model) for model in models]

    def look() -> Step:
        done = sum(compressor.worked[0] for compressor in compressors) / len(compressors)
        return Step(done, done)

    with Meter(source.size, wanted=progress) as meter, meter.work(source.name, look):
        for chunk in chunks(source.file):
            for compressor in compressors:
                compressor.compress(chunk)
        for compressor in compressors:
            compressor.flush()
    reports = [compressor.account.report(compressor.model.name) for compressor in compressors]
    if not reports[0].bytes:
        raise RefusedError("is empty: there must be 1 byte or more to score")
    return reports[0].bytes, [report.cross_entropy for report in reports]


def print_lines(files: Sequence[str], model: "Model", reporter: Reporter, *, as_json: bool) -> None:
    """The lines of each file, the most surprising first."""
    from arzip.analysis.lines import score_lines

    if not as_json:
        click.echo(f"{'Bits/byte':>9} {'Bits':>10}  Line")
    for path in files:
        with reporter.watch(path), sources.open_input(path) as source:
            for line in score_lines(model, source.file.read()):
                text = line.text.decode(errors="backslashreplace")
                if as_json:
                    row = {
                        "file": source.name,
                        "model": model.name,
                        "line": line.number,
                        "bytes": line.size,
                        "bits": line.bits,
                        "bits_per_byte": line.bits_per_byte,
                        "text": text,
                    }
                    click.echo(json.dumps(row))
                else:
                    place = f"{printable(source.name)}:{line.number}"
                    shown = printable(text.removesuffix("\r").expandtabs(4))
                    click.echo(f"{line.bits_per_byte:9.3f} {line.bits:10.1f}  {place}: {shown}")
