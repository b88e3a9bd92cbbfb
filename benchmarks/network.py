"""A model's network by itself, in bits/byte of the documents that its training held out.

    python benchmarks/network.py MODEL DATA... [--exclude PATTERN]... [--checkpoint FILE]

Give DATA and --exclude as they were given to `arzip train`, so that the same documents are held
out. For each DATA: the bits/byte in exact integers, without and with the output layer that learns
from the file (output_layer.py). With the run's last checkpoint, also those in floating point.
"""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from arzip.engine.compiled import compiled, i64
from arzip.models import registry
from arzip.models.network import running
from arzip.models.network.networks import network_of
from arzip.models.network.running import RunningNetwork
from arzip.training.data import read_corpus
from arzip.training.loop import bits_per_byte
from arzip.training.networks import Config, Network, build


@compiled
def read(network: RunningNetwork, data: NDArray[np.uint8], likelihood: NDArray[np.float64]) -> None:
    """Write the probabilities (n, 2) of the bytes: as trained, and with the learning layer."""
    for t in range(data.size):
        byte = i64(data[t])
        trained, learning = network.activations.tree, network.output_layer.tree
        likelihood[t, 0] = trained[256 + byte] / trained[1]
        likelihood[t, 1] = learning[256 + byte] / learning[1]
        running.observe(network, byte, t)


def in_floating_point(checkpoint: Path) -> Network:
    """Return the network of a checkpoint."""
    content = torch.load(checkpoint, weights_only=True)
    network = build(Config(**content["config"]))
    network.load_state_dict(content["network"])
    return network


@click.command()
@click.argument("model")
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--exclude", multiple=True)
@click.option("--checkpoint", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--bytes", "most", default=1 << 17, show_default=True, help="The most read of each DATA."
)
def main(
    model: str, data: Sequence[Path], exclude: Sequence[str], checkpoint: Path | None, most: int
) -> None:
    """Print a table: a row for each DATA."""
    network = network_of(registry.read(model).network)
    floating = in_floating_point(checkpoint) if checkpoint else None
    corpus = read_corpus(tuple(dict.fromkeys(data)), exclude)
    click.echo("| data | bytes | floating point | integer | learning |\n|---|---|---|---|---|")
    for name, held_out in zip(corpus.names, corpus.held_out, strict=True):
        piece = held_out[:most]
        likelihood = np.empty((piece.size, 2))
        read(running.start(network), piece, likelihood)
        exact, learning = -np.log2(likelihood).mean(axis=0)
        wanted = f"{bits_per_byte(floating, piece, lanes=1):.4f}" if floating else "-"
        name = Path(name).name
        click.echo(f"| {name} | {piece.size:,} | {wanted} | {exact:.4f} | {learning:.4f} |")


if __name__ == "__main__":
    main()
