"""Fits the values that a model starts from: `python -m arzip.training.fit FOLDER... -o FILE`.

The model learns while it codes, so fitting is coding. Pieces of all kinds of data are coded, one
after the other: each with empty tables, but with the values that the piece before it left behind.
These suit that piece best; the result is the mean over the second half of the pieces.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from arzip.models import coding, parameters, registry
from arzip.models.bits.odds import ONE
from arzip.models.bits.state import (
    BY_BYTE,
    BY_HITS,
    COUNTS,
    HISTORIES,
    MATCH,
    MATCH_BUCKETS,
    MORE_MIXERS,
    NETWORK,
    ROWS_OF_MORE,
    after_counts,
    all_inputs,
    fitted_of,
    inputs_of,
    more_shapes,
    shapes,
)
from arzip.models.broad import BroadModel, broadened
from arzip.models.fast import coding as fast_coding
from arzip.models.fast import layout
from arzip.models.fast import predictor as fast
from arzip.models.fast.model import FastModel
from arzip.models.hybrid import HybridModel
from arzip.models.network.networks import Network, network_of
from arzip.models.parameters import Parameters
from arzip.models.predictor import Fitted, bank_of, new_predictor
from arzip.readings import READINGS, TEXTS, Chosen, finding, spans
from arzip.readings.reading import BROAD, MORE_CONTEXTS, USUAL, Reading
from arzip.training.data import UNREADABLE, files, open_unpacked
from arzip.training.synthetic import MAKERS

__all__ = ["BroadFitter", "FastFitter", "HybridFitter", "files_source", "main", "unfitted"]

Source = Callable[[Generator], bytes]
"""Draws data at random."""

PIECES = (4000, 12000, 60000, 200000)  # bytes; short ones teach how to start
LARGEST_FILE = 64 << 20


def unfitted(reading: Reading) -> Fitted:
    """Return values from first principles: equal trust in all experts, histories at face value."""
    shape = shapes(reading.size())
    weights = np.zeros(shape["weights"], dtype=np.int32)
    trust = 3.2 if reading.values == 0 else 0.4
    weights[:, COUNTS : COUNTS + 2 * reading.contexts] = int(trust * 65536 / reading.contexts)
    values, _, guesses = after_counts(reading.size())
    weights[:, values : values + reading.values] = int(1.3 * 65536 / max(reading.values, 1))
    weights[:, guesses : guesses + reading.guesses] = 65536 // 10
    weights[:, MATCH : MATCH + 2] = 65536 // 5
    weights[:, NETWORK : NETWORK + 2] = 65536 // 6  # 0 without a network
    final_weights = np.full(shape["final_weights"], 65536 // 8, dtype=np.int32)
    final_weights[:, :2] = 65536 // 4
    lengths = np.arange(MATCH_BUCKETS)
    match_map = (ONE * (1 - 1 / (lengths + 2))).astype(np.int32)
    return {
        "history_map": _at_face_value(reading.contexts),
        "match_map": match_map,
        "weights": weights,
        "final_weights": final_weights,
    }


def _at_face_value(contexts: int) -> NDArray[np.int32]:
    """Return what histories mean if nothing else is known of them."""
    history_map = np.full((contexts, HISTORIES // 256, 256), ONE // 2, dtype=np.int32)
    for history in range(2, 256):
        n = history.bit_length() - 1
        ones = (history - (1 << n)).bit_count()
        history_map[:, :, history] = int((ones + 0.4) / (n + 0.8) * ONE)
    return history_map.reshape(-1)


def unfitted_more(reading: Reading, fitted: Fitted) -> Fitted:
    """Return what reading it broadly starts from before that is fitted, beside its fitted values.

    More mixers trust what the others do, on average; of more contexts each a little less.
    """
    size, own = reading.size(BROAD), inputs_of(reading.size())
    usual = fitted["weights"][BY_BYTE:BY_HITS].mean(axis=0)  # those that the last byte chooses
    row = np.zeros(all_inputs(size))
    row[:own] = usual
    row[COUNTS : COUNTS + 3 * reading.contexts] *= 0.7
    row[own:] = np.repeat(
        0.25 * usual[COUNTS:][: 3 * reading.contexts].reshape(3, -1).mean(axis=1), MORE_CONTEXTS
    )
    final = np.zeros(more_shapes(reading)["more_final"])
    final[-MORE_MIXERS:] = fitted["final_weights"][:, 2:].sum(axis=1).mean() / 2 / MORE_MIXERS
    return {
        "more_history": _at_face_value(MORE_CONTEXTS),
        "more_weights": np.repeat(row[None], MORE_MIXERS, axis=0).astype(np.int32),
        "more_final": final.astype(np.int32),
    }


class Fitter(Protocol):
    """What codes pieces from values that it changes to those that the piece leaves behind."""

    fitted: dict[str, Fitted]

    def code(self, piece: NDArray[np.uint8], *, wide: bool) -> tuple[set[str], float]:
        """Code one piece; wide readings take part if asked to.

        Returns the names of the banks that were changed, and the piece's code length in bits.
        """
        ...

    def tensors(self, fitted: Mapping[str, Fitted]) -> dict[str, NDArray[Any]]:
        """Return fitted values as a model's file has them."""
        ...


class HybridFitter:
    """Fits a hybrid, with its network if it has one, and with all contexts: see lean.py."""

    def __init__(self, network: Network | None = None) -> None:
        self._network = network
        has = network is not None
        self.fitted = {bank_of(r, has and r.with_network): unfitted(r) for r in READINGS}

    def code(self, piece: NDArray[np.uint8], *, wide: bool = True) -> tuple[set[str], float]:
        """See Fitter. Without a network no encoder chooses wide readings, but one may ask to."""
        listed, data = _read(piece, wide=wide or self._network is not None)
        return self._code(listed, data, USUAL)

    def _code(
        self, listed: list[spans.Span], data: NDArray[np.uint8], breadth: int
    ) -> tuple[set[str], float]:
        banks, first, last = self.fitted, listed[0].chosen, listed[-1].chosen
        predictor = new_predictor(
            banks[self._bank(first)], data.size, first, self._network, breadth=breadth
        ).with_data(data)
        bits = _coded(predictor, listed, banks, coding.encode)
        banks[self._bank(last)] = fitted_of(predictor.state, last.reading)
        read = {self._bank(span.chosen) for span in listed}
        for name in read:
            banks[name].pop("learned", None)  # which counts how much they have learned here
        return read, bits

    def _bank(self, chosen: Chosen) -> str:
        return bank_of(chosen.reading, self._network is not None and chosen.with_network)

    def tensors(self, fitted: Mapping[str, Fitted]) -> dict[str, NDArray[Any]]:
        """See Fitter."""
        has = self._network is not None
        found: dict[str, NDArray[Any]] = {}
        for reading in READINGS:
            bank = bank_of(reading, has and reading.with_network)
            found.update(parameters.pack(fitted[bank], bank))
        return found


class BroadFitter(HybridFitter):
    """Fits what reading broadly adds to a model, which stays as it is."""

    def __init__(self, given: Parameters) -> None:
        super().__init__(network_of(given.network))
        self.fitted, self._start = {}, {}
        for reading in READINGS:
            for with_network in {reading.with_network, False}:
                bank = bank_of(reading, with_network)
                fitted = parameters.widened(given.packed(reading, given.bank(bank, reading.name)))
                if reading.set_more:
                    self._start[bank] = unfitted_more(reading, fitted)
                    fitted = broadened(fitted, self._start[bank])
                self.fitted[bank] = fitted
        self._begun = dict(self.fitted)

    def code(self, piece: NDArray[np.uint8], *, wide: bool = True) -> tuple[set[str], float]:
        """See Fitter. All readings take part; the network only in text unless it is asked for."""
        listed, data = _read(piece, wide=True)
        if not wide:
            listed = [
                span._replace(chosen=span.chosen._replace(alone=span.chosen.reading not in TEXTS))
                for span in listed
            ]
        read, bits = self._code(listed, data, BROAD)
        for name in read:  # what is not fitted here
            for field in ("history_map", "match_map", "weights"):
                self.fitted[name][field] = self._begun[name][field]
        return read, bits

    def tensors(self, fitted: Mapping[str, Fitted]) -> dict[str, NDArray[Any]]:
        """Return what broad.broadened makes such values of, on average over a mixer's rows.

        Text is never coded without the network, so it has none for that.
        """
        found: dict[str, NDArray[Any]] = {}
        for bank, start in self._start.items():
            if bank in (reading.name for reading in TEXTS):
                continue
            begun, now = self._begun[bank], fitted[bank]
            ends = np.cumsum(ROWS_OF_MORE)[:-1]
            rows = [
                _moved(before, after).mean(axis=0)
                for before, after in zip(
                    np.split(begun["more_weights"], ends),
                    np.split(now["more_weights"], ends),
                    strict=True,
                )
            ]
            before = begun["final_weights"]
            final = _moved(before, now["final_weights"]).mean(axis=0) - before.mean(axis=0)
            more = {
                "more_history": now["more_history"],
                "more_weights": np.array(rows).astype(np.int32),
                "more_final": start["more_final"] + final.astype(np.int32),
            }
            found.update(parameters.pack(more, bank))
        return found


def _moved(before: NDArray[np.int32], after: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the rows that have learned something; all if none has."""
    moved = (before != after).any(axis=1)
    return after[moved] if moved.any() else after


class FastFitter:
    """Fits `fast`."""

    def __init__(self) -> None:
        self.fitted: dict[str, Fitted] = {bank: layout.unfitted() for bank in layout.BANKS}

    def code(self, piece: NDArray[np.uint8], *, wide: bool = False) -> tuple[set[str], float]:
        """See Fitter. It has no wide readings."""
        listed, data = _read(piece, wide=False)
        predictor = fast.new_predictor(self.fitted, piece.size, listed[0].chosen).with_data(data)
        bits = _coded(predictor, listed, self.fitted, fast_coding.encode)
        last = fast.bank_of(listed[-1].chosen)
        self.fitted[last] = {name: predictor.state[name].copy() for name in layout.FITTED}
        return {fast.bank_of(span.chosen) for span in listed}, bits

    def tensors(self, fitted: Mapping[str, Fitted]) -> dict[str, NDArray[Any]]:
        """See Fitter."""
        return {
            f"{bank}.{name}": values.astype(layout.LAYOUT[name].base)
            for bank, fields in fitted.items()
            for name, values in fields.items()
        }


def _coded(
    predictor: Any,
    listed: Sequence[spans.Span],
    banks: dict[str, Fitted],
    encode: Callable[[Any, NDArray[np.uint32], NDArray[np.uint32]], float],
) -> float:
    """Code all spans; return their code length in bits."""
    bits = 0.0
    for chosen, size in listed:
        predictor.read_on(chosen, banks)
        unused = np.empty(size, dtype=np.uint32)
        bits += encode(predictor, unused, unused)
    return bits


def _read(piece: NDArray[np.uint8], *, wide: bool) -> tuple[list[spans.Span], NDArray[np.uint8]]:
    """Return the piece's spans, and its bytes as they are predicted."""
    listed = finding.find(piece, wide=wide)
    data = piece.copy()
    spans.transform(data, listed)
    return listed, data


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
        self._sums: dict[str, NDArray[np.int64]] = {}

    def add(self, fields: Fitted) -> None:
        """Add one to those that the mean is of."""
        self.count += 1
        for name, field in fields.items():
            self._sums[name] = self._sums.get(name, np.int64(0)) + field.astype(np.int64)

    def fields(self) -> Fitted:
        """Return the mean, of at least one added."""
        return {name: (s // self.count).astype(np.int32) for name, s in self._sums.items()}


def fit_all(
    named: Mapping[str, Source], rounds: int, rng: Generator, fitter: Fitter
) -> dict[str, Fitted]:
    """Return the fitted values of each bank. Every round codes a piece from each source."""
    means = {name: Mean() for name in fitter.fitted}
    for turn in range(rounds):
        size, bits = 0, 0.0
        for source in rng.permutation(list(named)):
            piece = piece_of(named[source](rng), rng)
            read, cost = fitter.code(piece, wide=rng.random() < 0.5)
            size, bits = size + piece.size, bits + cost
            if turn >= rounds // 2:
                for name in read:
                    means[name].add(fitter.fitted[name])
        click.echo(f"round {turn + 1} of {rounds}: {bits / size:.4f} bits/byte of {size:,}")
    return {n: means[n].fields() if means[n].count else fitter.fitted[n] for n in means}


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("-f", "--force", is_flag=True, help="Overwrite the output.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Files to leave out, by path.")
@click.option("--rounds", default=32, show_default=True, help="Pieces from each source.")
@click.option("--seed", default=0, show_default=True)
@click.option("--name", default="swift", show_default=True, help="The model's name.")
@click.option("--fast", "fast_kind", is_flag=True, help="A model of the kind `fast`.")
@click.option(
    "--network",
    "network_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A model whose trained network becomes one of the experts.",
)
@click.option(
    "--share",
    is_flag=True,
    help="Do not repeat the values of swift, or of the model that is read broadly, whose file lies"
    " beside the output.",
)
@click.option("--broad", is_flag=True, help="Read the model of --network, which stays, broadly.")
def main(
    folders: tuple[Path, ...],
    output: Path,
    force: bool,
    exclude: tuple[str, ...],
    rounds: int,
    seed: int,
    name: str,
    network_path: Path | None,
    share: bool,
    fast_kind: bool,
    broad: bool,
) -> None:
    """Fit the values that a model starts from to the files under FOLDERS."""
    if output.exists() and not force:
        raise click.UsageError(f"{output} exists; use -f to overwrite it")
    if fast_kind and (network_path or share):
        raise click.UsageError("--fast has no network, and shares nothing")
    if broad and (fast_kind or not network_path):
        raise click.UsageError("--broad needs --network, the model to read broadly")
    given = parameters.read(network_path) if network_path else None
    trained = given.network if given else {}
    network = network_of(trained) if trained else None
    named = dict(sources(folders, exclude))
    fitter: Fitter = FastFitter() if fast_kind else HybridFitter(network)
    if broad and given:
        fitter = BroadFitter(given)
    fitted = fit_all(named, rounds, np.random.default_rng(seed), fitter)
    if broad and given:
        tensors = dict(given.tensors)
    else:
        tensors = {parameters.NETWORK + key: tensor for key, tensor in trained.items()}
    tensors |= fitter.tensors(fitted)
    if network and not broad:  # where it stays out, a model is one that has none
        tensors.update(registry.read("swift").tensors)
    description = "adaptive experts: contexts and matches"
    description += ", and a neural network" if network else " alone"
    about: dict[str, object] = {
        "description": "few contexts, learned a byte at a time" if fast_kind else description,
        "training": f"{rounds} rounds over {', '.join(Path(path).name for path in named)}",
    }
    if given and "bits_per_byte" in given.about:
        about["bits_per_byte"] = given.about["bits_per_byte"]
    kind = FastModel if fast_kind else BroadModel if broad else HybridModel
    beside = (given.name if broad and given else "swift") if share else ""
    made = Parameters(name, kind.VERSION, tensors, (), about, beside, kind.KIND)
    registry.write(output, made, replace=force)
    click.echo(f"{output}: identity {made.identity.hex()}")


if __name__ == "__main__":
    main()
