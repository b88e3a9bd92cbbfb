"""`arzip score`: which model predicts a file best, or which of its lines are surprising."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files import sources, transfer
from arzip.cli.files.sources import Source
from arzip.cli.loading import load_compiled
from arzip.cli.messages import RefusedError, Reporter, new_reporter, printable
from arzip.cli.progress import Meter, Step
from arzip.cli.tables import new_table, print_table
from arzip.levels import DEFAULT_LEVEL, LEVELS

if TYPE_CHECKING:
    from arzip.codec import Model

__all__ = ["command"]


@named("score")
@options.required_files
@click.option(
    "-m",
    "--model",
    "names",
    metavar="MODEL,...",
    callback=options.check_model,
    help="Score under these models (default: all built-in ones; with --lines: base).",
)
@click.option("--lines", is_flag=True, help="Score each line, and print the most surprising first.")
@options.json_output
@options.quiet
@options.progress
@click.pass_context
def command(
    context: click.Context,
    /,
    files: Sequence[str],
    names: str | None,
    lines: bool,
    as_json: bool,
    quiet: int,
    progress: bool,
) -> None:
    """Measure in bits per byte how well each model predicts each FILE.

    With --lines, measures how badly the lines around it predict each line: the odd lines of a log
    come first. --json prints one object a file, or a line.
    """
    from arzip.models import registry

    options.check_not_empty(files)
    default = [LEVELS[DEFAULT_LEVEL]] if lines else registry.names()
    chosen = names.split(",") if names is not None else default
    if lines and len(chosen) > 1:
        raise click.UsageError("--lines takes one model, not several")
    reporter = new_reporter(quiet)
    loaded = {name: load_compiled(name) for name in chosen}
    if lines:
        _print_lines(files, loaded[chosen[0]], reporter, as_json=as_json)
    else:
        _print_files(files, loaded, reporter, as_json=as_json, progress=progress and not quiet)
    context.exit(reporter.status)


def _print_files(
    files: Sequence[str],
    models: dict[str, "Model"],
    reporter: Reporter,
    *,
    as_json: bool,
    progress: bool,
) -> None:
    """Print the cross-entropy of each file under each model, and which model has the least."""
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
    """Return the size, and the cross-entropy under each model, in bits per byte.

    The file is read once.
    """
    from arzip.streams.compressor import ArzipCompressor

    compressors = [ArzipCompressor(model) for model in models]

    def look() -> Step:
        done = sum(compressor.worked[0] for compressor in compressors) / len(compressors)
        return Step(done, done)

    with Meter(source.size, wanted=progress) as meter:
        transfer.measure(source, compressors, meter, look)
    reports = [compressor.account.report(compressor.model.name) for compressor in compressors]
    if not reports[0].bytes:
        raise RefusedError("is empty: there must be 1 byte or more to score")
    return reports[0].bytes, [report.cross_entropy for report in reports]


def _print_lines(
    files: Sequence[str], model: "Model", reporter: Reporter, *, as_json: bool
) -> None:
    """Print the lines of each file, the most surprising first."""
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
