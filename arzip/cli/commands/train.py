"""`arzip train`: a model trained on given data, to compress with by `-m FILE`."""

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arzip.cli import options
from arzip.cli.command import named
from arzip.cli.files.outputs import NewFile
from arzip.cli.messages import RefusedError, Reporter, explain, printable
from arzip.cli.settings import STDOUT
from arzip.errors import ArzipError

if TYPE_CHECKING:
    from arzip.models.parameters import Parameters
    from arzip.training.data import Corpus
    from arzip.training.loop import Progress, Trainer

__all__ = ["command"]

LEAST = 512  # bytes of held-out data that are worth measuring
SAMPLE = 1 << 16  # bytes of held-out data to compare models on

LACKING = "training needs PyTorch, which is not installed: pip install 'arzip[torch]'"


@named("train")
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("-f", "--force", is_flag=True, help="Overwrite FILE, and the checkpoint beside it.")
@click.option(
    "--start",
    metavar="MODEL",
    help="Start from this model's network, such as base: best for little data or time.",
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
@click.option(
    "--rank",
    type=click.IntRange(0, 512),
    default=0,
    help="Project a gru's or lstm's state to so many numbers: many more units at the same cost.",
)
@click.option(
    "--outputs",
    type=click.IntRange(0, 2048),
    default=0,
    help="Predict from so many of the units of a gru or lstm, not from all.",
)
@click.option(
    "--heads", type=click.IntRange(1), default=4, help="Attention heads of a transformer [4]."
)
@click.option(
    "--window",
    type=click.IntRange(1, 1024),
    default=256,
    help="How many bytes a transformer looks back [256].",
)
@click.option(
    "--rounded",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="SHARE",
    help="Train this share of the time, at the end, with weights of 8 bits, as models have them.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Leave out files whose path matches, such as '*.pyc'; may be repeated.",
)
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="How long to train [5].")
@click.option(
    "--epochs", type=click.FloatRange(0, min_open=True), help="Or how many times to go over DATA."
)
@click.option(
    "--preface",
    type=click.IntRange(0, 1 << 20),
    metavar="BYTES",
    help="How much of DATA the model holds, to read before each file [65536; transformer 0].",
)
@click.option(
    "--lanes",
    type=click.IntRange(1),
    help="Documents to train on at a time [192; transformer 16; with --start 32].",
)
@click.option(
    "--steps",
    type=click.IntRange(1, 4096),
    help="Bytes of each document between two changes of the network [48; transformer 128].",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto")
@click.option("--resume", is_flag=True, help="Continue from the checkpoint beside FILE.")
@options.quiet
@click.pass_context
def command(context: click.Context, /, data: Sequence[Path], **values: Any) -> None:
    """Train a network on DATA, files and folders, and write a model to FILE.

    `arzip -m FILE` then compresses with the model, and needs it to decompress too. During the
    training there is a checkpoint beside FILE, from which --resume continues.
    """
    reporter = Reporter(values["quiet"])
    with reporter.watch(str(values["output"])):
        _train(data, reporter, **values)
    context.exit(reporter.status)


def _train(
    data: Sequence[Path],
    reporter: Reporter,
    *,
    output: Path,
    force: bool,
    preface: int | None,
    resume: bool,
    quiet: int,
    **values: Any,
) -> None:
    """Train and write the model. Raises: RefusedError, ArzipError, OSError."""
    checkpoint = Path(f"{output}.checkpoint")
    _refuse_to_replace_data((output, checkpoint), data, values["exclude"])
    _check_output(output, force=force)
    _check_checkpoint(checkpoint, force=force, resume=resume)
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ArzipError(LACKING) from error
    from arzip.models import parameters

    # The file is created first, so that errors with it come before minutes are spent.
    with NewFile(os.path.realpath(output) if force else str(output), force=force) as new:
        try:
            corpus, trainer = _prepare(data, **values)
            if resume:
                trainer.resume(checkpoint)
        except ValueError as error:
            raise ArzipError(str(error)) from error
        _run(trainer, corpus, checkpoint, reporter, quiet=quiet)
        if trainer.rank:
            return  # the first of several processes measures and writes
        made = _model(trainer, corpus, output.stem, reporter, preface)
        new.file.write(parameters.to_bytes(made))
        is_public = corpus.is_public and _is_public(values["start"])
        kept = _commit(new, 0o666 if is_public else 0o600)
        checkpoint.unlink(missing_ok=True)
    if not quiet:
        reporter.announce(_comparison(corpus, made))
    if kept != new.name:
        raise RefusedError(f"appeared during the training; the model is now in {kept} instead")


def _prepare(
    data: Sequence[Path],
    *,
    start: str | None,
    arch: str,
    hidden: int,
    layers: int,
    rank: int,
    outputs: int,
    heads: int,
    window: int,
    rounded: float,
    exclude: Sequence[str],
    minutes: float | None,
    epochs: float | None,
    lanes: int | None,
    steps: int | None,
    device: str,
) -> "tuple[Corpus, Trainer]":
    """Return the data and what trains on it, as asked for. Raises: ValueError, ArzipError."""
    import torch

    from arzip.training.data import read_corpus
    from arzip.training.loop import RECIPES, TUNING, TUNING_LANES, Recipe, Trainer
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
    network: Config | Network = Config(arch, hidden, layers, rank, outputs, heads, window)
    if start is not None:
        network = network_in(start)
        recipe = replace(
            recipe,
            rate=TUNING * recipe.rate,
            inner_rate=TUNING * recipe.inner_rate,
            lanes=TUNING_LANES,
        )
    recipe = replace(recipe, lanes=lanes or recipe.lanes, steps=steps or recipe.steps)
    return corpus, Trainer(corpus, network, recipe, device)


def _run(
    trainer: "Trainer", corpus: "Corpus", checkpoint: Path, reporter: Reporter, *, quiet: int
) -> None:
    """Train, and show how it goes."""
    reporter.announce(
        f"training on {corpus.size:,} bytes; bits/byte are those of the network alone, without "
        "contexts and matches, on the data that it reads"
    )
    line = ProgressLine()
    trainer.run(
        (lambda progress: None) if quiet or trainer.rank else line,
        checkpoint,
        unsaved=lambda error: reporter.warn(
            str(checkpoint), f"not written, but training goes on: {explain(error)}"
        ),
    )
    if not (quiet or trainer.rank):
        line.end()


def _model(
    trainer: "Trainer", corpus: "Corpus", name: str, reporter: Reporter, preface: int | None
) -> "Parameters":
    """Return the trained model, and announce how well its network predicts held-out data."""
    from arzip.models import registry
    from arzip.training.loop import bits_per_byte
    from arzip.training.model import model_of
    from arzip.training.preface import SIZES, choose

    measured = {
        Path(path).name: round(bits_per_byte(trainer.network, held_out), 4)
        for path, held_out in zip(corpus.names, corpus.held_out, strict=True)
        if held_out.size >= LEAST
    }
    for path, bits in measured.items():
        said = f"{bits:.4f} bits/byte of the held-out data, by the network alone"
        reporter.announce(f"{printable(path)}: {said}")
    if preface is None:
        preface = SIZES[trainer.network.config.architecture]
    return registry.proven(model_of(trainer.network, name, measured, choose(corpus, preface)))


def _commit(new: NewFile, mode: int) -> str:
    """Complete the model's file and return its name: another if its own was taken meanwhile."""
    try:
        new.commit(mode=mode)
    except RefusedError:
        return new.commit_beside(mode=mode)
    return new.name


def _is_public(start: str | None) -> bool:
    """Return whether everybody may read the model that training starts from."""
    from arzip.models import registry
    from arzip.training.data import is_public

    return start is None or is_public(registry.find(start))


def _comparison(corpus: "Corpus", made: "Parameters") -> str:
    """Return the sizes of a held-out sample, compressed with the usual model and with this one."""
    import arzip
    from arzip.models.hybrid import HybridModel

    held_out = [piece for piece in corpus.held_out if piece.size]
    sample = b"".join(piece[: SAMPLE // len(held_out)].tobytes() for piece in held_out)
    if len(sample) < LEAST:
        return "too little was held out to compare the model with base: train on more data"
    usual = len(arzip.compress(sample))
    own = len(arzip.compress(sample, model=HybridModel.received(made)))
    return (
        f"held-out sample of {len(sample):,} bytes: {usual:,} -> {own:,} bytes "
        f"({100 * (own / usual - 1):+.1f} % against base)"
    )


def _refuse_to_replace_data(
    written: Sequence[Path], data: Sequence[Path], exclude: Sequence[str]
) -> None:
    """Raise RefusedError if one of the files to write is one to train on."""
    from arzip.training.data import files

    for path in written:
        for source in data:
            for file in files(source, exclude):
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samefile(path, file):
                        raise RefusedError(
                            f"{file} is a file to train on, which must not be overwritten: "
                            "name another output, or leave the file out with --exclude"
                        )


def _check_output(output: Path, *, force: bool) -> None:
    if str(output) == STDOUT or (output.exists() and not (output.is_file() or output.is_dir())):
        raise RefusedError("is not a file, and a model must be a file: name one with -o")
    if os.path.lexists(output) and not force and not output.is_dir():
        raise RefusedError(
            "exists, and files that were compressed with it need it: name another file, or "
            "overwrite it with -f"
        )


def _check_checkpoint(checkpoint: Path, *, force: bool, resume: bool) -> None:
    if checkpoint.is_dir():
        raise RefusedError(f"the checkpoint {checkpoint} is a directory; name another output")
    if resume and not checkpoint.exists():
        raise RefusedError(f"there is no checkpoint {checkpoint} to continue from")
    if os.path.lexists(checkpoint) and not resume and not force:
        raise RefusedError(
            f"there is a checkpoint of an earlier run, {checkpoint}: continue from it with "
            "--resume, or overwrite it with -f"
        )


class ProgressLine:
    """Shows how training goes: in one line on a terminal, else in a new one for each tenth."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._tenths = 0

    def __call__(self, progress: "Progress") -> None:
        tenths = int(10 * progress.done)
        if not self._live and tenths == self._tenths:
            return
        self._tenths = tenths
        minutes, seconds = divmod(round(progress.seconds_left), 60)
        click.echo(
            ("\r" if self._live else "")
            + f"{progress.done:6.1%}  {progress.bits_per_byte:.4f} bits/byte  "
            f"{progress.bytes_per_second / 1e3:.0f} KB/s  {minutes}:{seconds:02} left ",
            nl=not self._live,
            err=True,
        )

    def end(self) -> None:
        """End the line, so that the next message starts another."""
        if self._live:
            click.echo(err=True)
