"""The Transformer is the same integers everywhere, and costs a byte the same wherever it stands."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_transformer
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_transformer import TEXT, Reference, random_tensors

from arzip.errors import ModelError
from arzip.models.network import (
    functions,
    networks,
    output_layer,
    recurrent,
    running,
    transformer,
)
from arzip.models.network.transformer import Transformer, step

DIGESTS = {"one layer": "b3866aa2fa84f549", "two layers": "6571e4fa4e34d312"}
"""Part of the format: other numbers make files unreadable."""


def agree(tensors: dict[str, NDArray[Any]], data: bytes) -> None:
    """Run both over the bytes and compare everything after each."""
    network, reference = Transformer(tensors), Reference(tensors)
    memory = network.start()
    assert (memory.tree[256:] == reference.weights()).all()
    for byte in data:
        step(network.weights, memory, byte)
        reference.step(byte)
        assert (memory.hidden[0] == reference.hidden).all()
        assert (memory.sums[-256:] == reference.logits()).all()
        assert (memory.tree[256:] == reference.weights()).all()


@pytest.mark.parametrize(
    ("layers", "units", "heads", "window"),
    [(1, 2, 1, 1), (1, 8, 4, 16), (2, 16, 4, 32), (3, 64, 2, 17), (2, 130, 5, 200)],
)
def test_the_reference_agrees(layers: int, units: int, heads: int, window: int) -> None:
    random = np.random.default_rng(1).bytes(60)
    agree(random_tensors(layers, units, heads, window, seed=units), TEXT + random)


def test_the_reference_agrees_for_long() -> None:
    tensors = random_tensors(2, 16, 2, 12)
    agree(tensors, Path(__file__).read_bytes()[:800] + np.random.default_rng(2).bytes(800))


@pytest.mark.slow
def test_the_reference_agrees_for_longer() -> None:
    tensors = random_tensors(2, 32, 4, 64)
    agree(tensors, Path(__file__).read_bytes()[:5000] + np.random.default_rng(2).bytes(5000))


@settings(max_examples=30)
@given(
    st.integers(1, 2),
    st.sampled_from([(2, 1), (4, 2), (10, 5)]),
    st.integers(1, 6),
    st.integers(0, 1 << 32),
    st.sampled_from([0, 10, 1000, 1 << 31]),
    st.binary(max_size=12),
)
def test_the_reference_agrees_on_odd_networks(
    layers: int, shape: tuple[int, int], window: int, seed: int, largest_scale: int, data: bytes
) -> None:
    """Nothing said, everything at its limits; scales that only the output layer may not have."""
    tensors = random_tensors(layers, *shape, window, seed, min(largest_scale, (1 << 31) - 1))
    tensors["output.scale"] = tensors["output.scale"].clip(0, 10_000)
    agree(tensors, data)


def test_the_largest_sums_stay_in_32_bits() -> None:
    """The reference asserts it: all weights alike, at most units, every vector at its limits."""
    tensors = random_tensors(1, 1024, 1, 2)
    for name, tensor in tensors.items():
        if tensor.dtype == np.int8:
            tensor[:] = 127
        elif name.endswith("scale"):
            tensor[:] = 500 if name == "output.scale" else (1 << 31) - 1
    tensors["embedding"][:] = 1 << 14
    tensors["layers.0.start_value"][:] = transformer.LIMIT
    agree(tensors, b"ab")


def exact(tensors: dict[str, NDArray[Any]], data: bytes) -> NDArray[np.float64]:
    """The last softmax, by the equations, in float, on the weights that the integers stand for."""

    def matrix(name: str) -> NDArray[np.float64]:
        scale = tensors[name.replace(".weight", "") + ("_scale", ".scale")[name[0] == "o"]]
        return np.asarray(tensors[name] * (scale / (1 << 16))[:, None])

    def norm(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 2**-16)).clip(-8, 8)

    x = tensors["embedding"][list(data)] / (1 << 11)  # (T, D)
    for k in range(sum(name.endswith("join") for name in tensors)):
        ages = tensors[f"layers.{k}.ages"] / (1 << 12)
        heads, window = ages.shape
        query, key, value = np.split((norm(x) @ matrix(f"layers.{k}.attend").T).clip(-8, 8), 3, 1)
        begin = [tensors[f"layers.{k}.start_{name}"] / (1 << 11) for name in ("key", "value")]
        attended = np.empty_like(x)
        for t in range(len(x)):
            for head in range(heads):
                part = slice(head * len(x[0]) // heads, (head + 1) * len(x[0]) // heads)
                scores, values = [], []
                for age in range(window):
                    k_t, v_t = (key[t - age], value[t - age]) if age <= t else begin
                    scores.append(query[t, part] @ k_t[part] / 4 + ages[head, age])
                    values.append(v_t[part])
                shares = np.exp(np.array(scores) - max(scores))
                attended[t, part] = shares / shares.sum() @ np.array(values)
        x = x + attended @ matrix(f"layers.{k}.join").T
        active = (norm(x) @ matrix(f"layers.{k}.expand").T).clip(0, 4)
        x = x + active**2 @ matrix(f"layers.{k}.contract").T
    logits = np.tanh(norm(x[-1])) @ matrix("output.weight").T + tensors["output.bias"] / (1 << 12)
    p = np.exp(logits - logits.max())
    return np.asarray(p / p.sum())


def test_it_computes_its_equations() -> None:
    tensors = random_tensors(2, 16, 2, 6, largest_scale=300)
    tensors["output.scale"] *= 4
    network = Transformer(tensors)
    memory = network.start()
    for t, byte in enumerate(TEXT[:20], start=1):
        step(network.weights, memory, byte)
        p = memory.tree[256:] / memory.tree[1]
        assert np.abs(p - exact(tensors, TEXT[:t])).max() < 0.01


def test_what_is_out_of_sight_is_out_of_mind() -> None:
    """Two layers see 2 (W - 1) bytes back, and not one more."""
    network = Transformer(random_tensors(2, 16, 2, 4))

    def after(data: bytes) -> NDArray[np.int64]:
        memory = network.start()
        for byte in data:
            step(network.weights, memory, byte)
        return memory.tree

    assert (after(b"x" + b"2345678") == after(b"y" + b"2345678")).all()
    assert not (after(b"x" + b"234567") == after(b"y" + b"234567")).all()


def test_the_tree_holds_the_softmax() -> None:
    network = Transformer(random_tensors(1, 16, 2, 4))
    memory = network.start()
    for byte in TEXT[:20]:
        step(network.weights, memory, byte)
        assert (memory.tree[1:256] == memory.tree[2::2] + memory.tree[3::2]).all()
        assert memory.tree[256:].min() >= 1


def test_starts_are_independent() -> None:
    network = Transformer(random_tensors(2, 16, 2, 4))
    first, second = network.start(), network.start()
    before = second.tree.copy()
    step(network.weights, first, 65)
    assert (second.tree == before).all()
    assert not (first.tree == before).all()


def test_a_network_says_what_memory_it_takes() -> None:
    network = Transformer(random_tensors(2, 32, 2, 1000))
    _, activations, layer = running.start(network)
    needed = running.memory_needed(network)
    assert needed == sum(array.nbytes for array in (*activations, *layer))
    assert needed > 2 * 2 * 1000 * 32 * 2  # keys and values


@given(st.integers(1, (1 << 62) - 1))
def test_square_roots_are_exact(n: int) -> None:
    assert functions.square_root(n) == math.isqrt(n)


@given(st.integers(1, (1 << 31) - 1), st.integers(-1, 1))
def test_square_roots_beside_squares(root: int, off: int) -> None:
    n = max(root * root + off, 1)
    assert functions.square_root(n) == math.isqrt(n)


def test_whichever_network_it_is() -> None:
    from reference_recurrent import random_tensors as recurrent_tensors

    tensors = random_tensors(1, 8, 2, 3)
    assert isinstance(networks.network_of(tensors), Transformer)
    assert isinstance(networks.network_of(recurrent_tensors("gru", 1, 8)), recurrent.Recurrent)
    with pytest.raises(ModelError, match="not one of arzip's"):
        networks.network_of({"something": np.zeros(3)})


def test_the_output_layer_learns() -> None:
    network = running.start(Transformer(random_tensors(1, 24, 2, 8)))
    trained = adapted = 0.0
    for t, byte in enumerate(b"abcdefgh" * 200):
        trained += math.log2(network.activations.tree[1] / network.activations.tree[256 + byte])
        adapted += math.log2(network.output_layer.tree[1] / network.output_layer.tree[256 + byte])
        output_layer.learn(network.output_layer, network.activations, byte, t)
        networks.step(network.weights, network.activations, byte)
        output_layer.predict(network.output_layer, network.activations)
    assert adapted < 0.7 * trained


def test_this_machine() -> None:
    assert reference_transformer.digests() == DIGESTS


@pytest.mark.parametrize(
    "settings",
    [{"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, {"NUMBA_DISABLE_JIT": "1"}],
    ids=lambda settings: next(iter(settings)),
)
def test_another_machine(settings: dict[str, str], tmp_path: Path) -> None:
    """A process of its own, with cold caches; numpy's overflows would be errors."""
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", reference_transformer.__file__],
        env={**os.environ, **settings, "ARZIP_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert json.loads(run.stdout) == DIGESTS


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("embedding", np.zeros((256, 9), np.int16), "9 units and 2 heads"),
        ("embedding", np.zeros((256, 2048), np.int16), "2048 units"),
        ("embedding", np.zeros((256, 0), np.int16), "0 units"),
        ("embedding", np.zeros((256, 8), np.float32), "embedding is float32"),
        ("embedding", np.zeros(256, np.int16), "lacks a matrix embedding"),
        ("layers.0.ages", None, "lacks a matrix embedding or layers.0.ages"),
        ("layers.0.ages", np.zeros((3, 3), np.int32), "8 units and 3 heads"),
        ("layers.0.ages", np.zeros((0, 3), np.int32), "8 units and 0 heads"),
        ("layers.0.ages", np.zeros((2, 1025), np.int32), "1025 bytes"),
        ("layers.1.ages", np.zeros((2, 4), np.int32), "is int32 of shape"),
        ("layers.1.ages", np.full((2, 3), -(1 << 31), np.int32), "not within"),
        ("layers.1.attend", np.zeros((24, 7), np.int8), "is int8 of shape"),
        ("layers.1.attend", np.full((24, 8), -128, np.int8), "not within"),
        ("layers.1.start_key", np.full(8, (8 << 11) + 1, np.int16), "not within"),
        ("layers.1.join", None, "lacks the tensor layers.1.join"),
        ("layers.2.join", np.zeros((8, 8), np.int8), "unknown tensor layers.2.join"),
        ("layers.0.recurrent", np.zeros((8, 8), np.int8), "unknown tensor layers.0.recurrent"),
        ("output.scale", np.full(256, -(1 << 31), np.int32), "too large for 32 bits"),
        ("output.bias", np.full(256, 1 << 27, np.int32), "too large for 32 bits"),
    ],
)
def test_what_is_no_network(name: str, tensor: NDArray[Any] | None, message: str) -> None:
    tensors = random_tensors(2, 8, 2, 3)
    tensors.pop(name, None)
    if tensor is not None:
        tensors[name] = tensor
    with pytest.raises(ModelError, match=message) as caught:
        Transformer(tensors)
    assert "\n" not in str(caught.value)


def test_too_many_layers() -> None:
    with pytest.raises(ModelError, match="more than 16"):
        Transformer(random_tensors(17, 2, 1, 1))
