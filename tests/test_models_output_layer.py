"""The output layer that goes on learning: it starts as the trained one, and then does better."""

import numpy as np
import reference_recurrent

from arzip.models.network import output_layer, recurrent, running
from arzip.models.network.recurrent import Recurrent
from arzip.models.network.running import RunningNetwork


def bits(tree: np.ndarray, byte: int) -> float:
    return float(np.log2(tree[1]) - np.log2(tree[256 + byte]))


def read(data: bytes, units: int = 24) -> tuple[float, float, RunningNetwork]:
    """Bits of the trained and of the adapted layer, for a network of random weights."""
    network = running.start(Recurrent(reference_recurrent.random_tensors("gru", 1, units, seed=3)))
    trained = adapted = 0.0
    for t, byte in enumerate(data):
        trained += bits(network.activations.tree, byte)
        adapted += bits(network.output_layer.tree, byte)
        output_layer.learn(network.output_layer, network.activations, byte, t)
        recurrent.step(network.weights, network.activations, byte)
        output_layer.predict(network.output_layer, network.activations)
    return trained, adapted, network


def rate(position: int) -> float:
    half = output_layer.HALF_TIME
    return (output_layer.RATE + output_layer.EARLY_RATE * half / (half + position)) / 65536


def test_at_first_both_layers_say_the_same() -> None:
    trained, adapted, _ = read(b"x")
    assert trained == adapted


def test_it_learns() -> None:
    trained, adapted, network = read(b"abcdefgh" * 200)
    assert adapted < 0.7 * trained
    assert network.output_layer.learned[ord("a")] == 1


def test_one_step_is_the_gradient_of_the_code_length() -> None:
    """D += rate (1[s = y] - p_s) h, in floating point, within the rounding of both."""
    _, _, network = read(b"some bytes")
    memory, adaptation = network.activations, network.output_layer
    before = adaptation.delta.astype(float)
    p = adaptation.tree[256:] / adaptation.tree[1]
    byte, position = ord("q"), 1000
    error = (np.arange(256) == byte) - p
    output_layer.learn(adaptation, memory, byte, position)
    wanted = rate(position) * np.outer(error, memory.vector / 4096) * (1 << output_layer.DELTA_BITS)
    large = np.abs(error) >= output_layer.LEAST_ERROR / 65536
    assert large[byte]
    assert np.abs(adaptation.delta - before - wanted)[large].max() <= 1.5


def test_small_errors_are_learned_from_in_the_long_run() -> None:
    """Many small steps of many rows come to their sum, though each byte moves few rows."""
    _, _, network = read(b"some bytes")
    memory, adaptation = network.activations, network.output_layer
    before = adaptation.delta.astype(float)
    p = adaptation.tree[256:] / adaptation.tree[1]
    byte, steps, start = ord("q"), 4000, 1 << 20
    small = p < output_layer.LEAST_ERROR / 65536
    assert p[small].sum() > 0.2
    moved = 0
    for t in range(steps):
        last = adaptation.delta.copy()
        output_layer.learn(adaptation, memory, byte, start + t)
        adaptation.delta[byte] = last[byte]
        moved += np.count_nonzero((adaptation.delta != last).any(axis=1))
    wanted = (
        -rate(start) * np.outer(p, memory.vector / 4096) * (1 << output_layer.DELTA_BITS) * steps
    )
    change = (adaptation.delta - before)[small].sum(axis=0)
    assert (
        np.abs(change - wanted[small].sum(axis=0)).max()
        < 0.1 * np.abs(wanted[small].sum(axis=0)).max()
    )
    assert moved < 20 * steps


def test_what_is_learned_stays_within_bounds() -> None:
    _, _, network = read(b"\xff" * 3000 + b"\0" * 3000)
    assert np.abs(network.output_layer.delta.astype(int)).max() <= output_layer.LARGEST
    assert (network.output_layer.tree[1:] >= 1).all()
