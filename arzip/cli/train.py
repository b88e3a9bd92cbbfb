"""`arzip train`: a network for one's own data, to compress with by `-m FILE`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options
from arzip.cli.messages import Reporter
from arzip.errors import ArzipError

if TYPE_CHECKING:
    from arzip.training.data import Corpus
    from arzip.training.loop import Progress, Trainer

LACKING = "training needs PyTorch, which is not installed: pip install 'arzip[torch]'"


@click.command(context_settings=options.HELP)
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--start",
    metavar="MODEL",
    help="Go on from this model's network, such as base: best for little data or time.",
)
@click.option(
    "--arch",
    type=click.Choice(["gru", "lstm", "transformer"]),
    default="gru",
    show_default=True,
    help="A gru codes fastest; a transformer of as many units takes several times as long.",
)
@click.option("--hidden", type=click.IntRange(8, 2048), default=256, show_default=True)
@click.option("--layers", type=click.IntRange(1, 16), default=1, show_default=True)
@click.option("--heads", type=click.IntRange(1), default=4, help="A transformer's [4].")
@click.option("--window", type=click.IntRange(1, 1024), default=256, help="What it sees [256].")
@click.option(
    "--rounded",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Train so much of the time, at the end, with weights of 8 bits, as the model holds them.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Leave out the files whose path matches, such as '*.pyc'; may be given again.",
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Train so long [5].")
@click.option("--epochs", type=click.FloatRange(0, min_open=True), help="Or so often over DATA.")
@click.option(
    "--preface",
    type=click.IntRange(0, 1 << 20),
    metavar="BYTES",
    help="Of DATA, word for word, to read before each file [65536; transformer 0].",
)
@click.option("--lanes", type=click.IntRange(1), help="Documents at a time [192; transformer 16].")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint beside FILE.")
@options.quiet
@click.pass_context
def train(context: click.Context, /, data: Sequence[Path], **values: Any) -> None:
    """Train a network on DATA, files and folders, and write a model to FILE.

    Then `arzip -m FILE` compresses with it, and whoever decompresses needs it too. While it trains
    there is a checkpoint beside FILE, from which --resume goes on.
    """
    reporter = Reporter(values["quiet"])
    with reporter.watch(str(values["output"])):
        run(data, **values)
    context.exit(reporter.status)


def run(
    data: Sequence[Path],
    *,
    output: Path,
    preface: int | None,
    resume: bool,
    quiet: int,
    **values: Any,
) -> None:
    """Train and write the model. Raises OSError, ArzipError."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ArzipError(LACKING) from error
    from arzip.training.loop import bits_per_byte
    from arzip.training.model import write_model
    from arzip.training.preface import SIZES, choose

    checkpoint = output.with_name(output.name + ".checkpoint")
    try:
        corpus, trainer = _prepare(data, **values)
        if resume:
            trainer.resume(checkpoint)
    except ValueError as error:
        raise ArzipError(str(error)) from error
    is_shown = not quiet and not trainer.rank and sys.stderr.isatty()
    trainer.run(_show if is_shown else lambda progress: None, checkpoint)
    if trainer.rank:
        return  # the first of several processes measures and writes
    measured = {
        Path(name).name: round(bits_per_byte(trainer.network, held_out), 4)
        for name, held_out in zip(corpus.names, corpus.held_out, strict=True)
        if held_out.size >= 512
    }
    if not quiet:
        for name, bits in measured.items():
            click.echo(f"{name}: {bits:.4f} bits/byte of what was held out", err=True)
    if preface is None:
        preface = SIZES[trainer.network.config.architecture]
    write_model(output, trainer.network, measured, choose(corpus, preface))
    checkpoint.unlink(missing_ok=True)


def _prepare(
    data: Sequence[Path],
    *,
    start: str | None,
    arch: str,
    hidden: int,
    layers: int,
    heads: int,
    window: int,
    rounded: float,
    exclude: Sequence[str],
    minutes: float | None,
    epochs: float | None,
    lanes: int | None,
    device: str,
) -> "tuple[Corpus, Trainer]":
    """What was asked for, in the terms of arzip.training. Raises ValueError, ArzipError."""
    import torch

    from arzip.training.data import read_corpus
    from arzip.training.loop import RECIPES, TUNING, Recipe, Trainer
    from arzip.training.networks import Config, Network
    from arzip.training.start import network_in

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    corpus = read_corpus(data, exclude)
    recipe = replace(
        RECIPES.get(arch, Recipe()),
        rounded=rounded,
        minutes=minutes or (None if epochs else 5.0),
        bytes=None if epochs is None else int(epochs * corpus.size),
    )
    recipe = replace(recipe, lanes=lanes or recipe.lanes)
    network: Config | Network = Config(arch, hidden, layers, heads, window)
    if start is not None:
        network = network_in(start)
        recipe = replace(recipe, rate=TUNING * recipe.rate, inner_rate=TUNING * recipe.inner_rate)
    return corpus, Trainer(corpus, network, recipe, device)


def _show(progress: "Progress") -> None:
    """The live line."""
    click.echo(
        f"\r{progress.done:6.1%}  {progress.bits_per_byte:.4f} bits/byte  perplexity "
        f"{2**progress.bits_per_byte:.3f}  {progress.bytes_per_second / 1e3:.0f} KB/s ",
        nl=False,
        err=True,
    )
