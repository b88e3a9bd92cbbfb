"""Fits the values that a model starts from: `python -m arzip.training.fit FOLDER... -o FILE`.

The model learns while it codes, so fitting is coding. Pieces of all kinds of data are coded, one
after the other: each with empty tables, but with the values that the piece before it left behind.
These suit that piece best; the result is the mean over the second half of the pieces.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from arzip.models import coding, hybrid, parameters
from arzip.models.bits import mixer
from arzip.models.bits.odds import ONE
from arzip.models.bits.state import FITTED, HISTORIES, INPUTS, MATCH_BUCKETS, MIXERS, ROWS
from arzip.models.hybrid import VERSION
from arzip.models.network.networks import Network, network_of
from arzip.models.parameters import Parameters
from arzip.models.predictor import Fitted, new_predictor
from arzip.readings import READINGS, Chosen, spans
from arzip.readings.reading import CONTEXTS
from arzip.training.data import UNREADABLE, files, open_unpacked
from arzip.training.synthetic import MAKERS

__all__ = ["files_source", "fit", "main", "unfitted"]

Source = Callable[[Generator], bytes]
"""Draws data at random."""

PIECES = (4000, 12000, 60000, 200000)  # bytes; short ones teach how to start
LARGEST_FILE = 64 << 20


def unfitted() -> Fitted:
    """Return values from first principles: equal trust in all experts, histories at face value."""
    history_map = np.full((CONTEXTS, HISTORIES // 256, 256), ONE // 2, dtype=np.int32)
    for history in range(2, 256):
        n = history.bit_length() - 1
        ones = (history - (1 << n)).bit_count()
        history_map[:, :, history] = int((ones + 0.4) / (n + 0.8) * ONE)
    weights = np.zeros((ROWS, INPUTS), dtype=np.int32)
    weights[:, : 2 * CONTEXTS] = int(3.2 * 65536 / CONTEXTS)
    weights[:, 3 * CONTEXTS : 3 * CONTEXTS + 2] = 65536 // 5
    weights[:, mixer.NETWORK : mixer.NETWORK + 2] = 65536 // 6  # 0 without a network
    final_weights = np.full((256, MIXERS + 2), 65536 // 8, dtype=np.int32)
    final_weights[:, MIXERS:] = 65536 // 4
    lengths = np.arange(MATCH_BUCKETS)
    match_map = (ONE * (1 - 1 / (lengths + 2))).astype(np.int32)
    return {
        "history_map": history_map.reshape(-1),
        "match_map": match_map,
        "weights": weights,
        "final_weights": final_weights,
    }


def fit(
    fitted: Fitted, piece: NDArray[np.uint8], chosen: Chosen, network: Network | None = None
) -> tuple[Fitted, float]:
    """Code one piece. Return the values it leaves behind, and its code length in bits."""
    predictor = new_predictor(fitted, piece.size, chosen, network).with_data(piece.copy())
    unused = np.empty((2, piece.size), dtype=np.uint32)
    bits = coding.encode(predictor, unused[0], unused[1])
    return {name: predictor.state[name].copy() for name in FITTED}, bits


def files_source(paths: list[Path]) -> Source:
    """Return a source of random files, unpacked and not empty. It removes unreadable `paths`."""

    def draw(rng: Generator) -> bytes:
        while True:
            path = paths[rng.integers(len(paths))]
            try:
                with open_unpacked(path) as file:
                    data = file.read(LARGEST_FILE)
            except UNREADABLE:
                paths.remove(path)
                if not paths:
                    raise
                continue
            if data:
                return data

    return draw


def sources(folders: Sequence[Path], exclude: Sequence[str]) -> Iterator[tuple[str, Source]]:
    """Yield each source by name: each folder, each file named by itself, each synthetic kind.

    Raises click.BadParameter for a folder without files.
    """
    for folder in folders:
        paths = list(files(folder, exclude))
        if not paths:
            raise click.BadParameter(f"{folder} has no files")
        yield str(folder), files_source(paths)
    for maker in MAKERS:
        yield maker.__name__, maker


def piece_of(data: bytes, rng: Generator) -> NDArray[np.uint8]:
    """Return a piece of the data, its size one of PIECES: half the time from the start."""
    size = int(rng.choice(PIECES))
    start = int(rng.integers(0, max(1, len(data) - size))) if rng.random() < 0.5 else 0
    return np.frombuffer(data[start : start + size], dtype=np.uint8)


class Mean:
    """The mean of fitted values, field by field."""

    def __init__(self) -> None:
        self.count = 0
        self._sums = {name: np.zeros_like(f, dtype=np.int64) for name, f in unfitted().items()}

    def add(self, fields: Fitted) -> None:
        """Add one to those that the mean is of."""
        self.count += 1
        for name, field in fields.items():
            self._sums[name] += field

    def fields(self) -> Fitted:
        """Return the mean, of at least one added."""
        return {name: (s // self.count).astype(np.int32) for name, s in self._sums.items()}


def fit_all(
    named: Mapping[str, Source], rounds: int, rng: Generator, network: Network | None = None
) -> dict[str, Fitted]:
    """Return the fitted values of each bank. Every round codes a piece from each source."""
    banks = dict.fromkeys(reading.bank for reading in READINGS)
    fitted = {bank: unfitted() for bank in banks}
    means = {bank: Mean() for bank in banks}
    for turn in range(rounds):
        size, bits = 0, 0.0
        for source in rng.permutation(list(named)):
            piece = piece_of(named[source](rng), rng)
            chosen = spans.prevailing(piece)
            bank = chosen.reading.bank
            fitted[bank], cost = fit(fitted[bank], piece, chosen, network)
            size, bits = size + piece.size, bits + cost
            if turn >= rounds // 2:
                means[bank].add(fitted[bank])
        click.echo(f"round {turn + 1} of {rounds}: {bits / size:.4f} bits/byte of {size:,}")
    return {b: means[b].fields() if means[b].count else fitted[b] for b in banks}


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("-f", "--force", is_flag=True, help="Overwrite the output.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Files to leave out, by path.")
@click.option("--rounds", default=32, show_default=True, help="Pieces from each source.")
@click.option("--seed", default=0, show_default=True)
@click.option("--name", default="swift", show_default=True, help="The model's name.")
@click.option(
    "--network",
    "network_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A model whose trained network becomes one of the experts.",
)
def main(
    folders: tuple[Path, ...],
    output: Path,
    force: bool,
    exclude: tuple[str, ...],
    rounds: int,
    seed: int,
    name: str,
    network_path: Path | None,
) -> None:
    """Fit the values that a model starts from to the files under FOLDERS."""
    if output.exists() and not force:
        raise click.UsageError(f"{output} exists; use -f to overwrite it")
    given = parameters.read(network_path) if network_path else None
    trained = given.network if given else {}
    network = network_of(trained) if trained else None
    named = dict(sources(folders, exclude))
    fitted = fit_all(named, rounds, np.random.default_rng(seed), network)
    tensors = {parameters.NETWORK + key: tensor for key, tensor in trained.items()}
    for bank, fields in fitted.items():
        tensors.update(parameters.pack(fields, bank))
    about: dict[str, object] = {
        "description": "adaptive experts: contexts and matches"
        + (", and a neural network" if network else " alone"),
        "training": f"{rounds} rounds over {', '.join(Path(path).name for path in named)}",
    }
    if given and "bits_per_byte" in given.about:
        about["bits_per_byte"] = given.about["bits_per_byte"]
    made = Parameters(name, VERSION, tensors, (), about)
    hybrid.write(output, made, replace=force)
    click.echo(f"{output}: identity {made.identity.hex()}")


if __name__ == "__main__":
    main()
