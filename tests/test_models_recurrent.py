"""The neural expert is the same integers everywhere, and the network that it stands for."""

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_recurrent
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_recurrent import TEXT, Reference, random_tensors

from arzip.errors import ModelError
from arzip.models.network import functions
from arzip.models.network import tensors as limits
from arzip.models.network.recurrent import Recurrent, step
from arzip.models.network.softmax import node_odds

DIGESTS = {
    "gru": "d07ccc5a324396b9",
    "lstm": "2b19205d87153044",
    "projected": "50d1f123530a6108",
}
"""Part of the format: other numbers make files unreadable."""


def agree(tensors: dict[str, NDArray[Any]], data: bytes) -> None:
    """Run both over the bytes and compare everything after each."""
    network, reference = Recurrent(tensors), Reference(tensors)
    memory = network.start()
    assert (memory.tree[256:] == reference.weights()).all()
    for byte in data:
        step(network.weights, memory, byte)
        reference.step(byte)
        assert (memory.hidden[:, : network.units] == reference.hidden).all()
        assert (memory.sums[-256:] == reference.logits()).all()
        assert (memory.tree[256:] == reference.weights()).all()
    assert not memory.hidden[:, network.units :].any()


@pytest.mark.parametrize("units", [1, 7, 48, 130])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("architecture", ["gru", "lstm"])
def test_the_reference_agrees(architecture: str, layers: int, units: int) -> None:
    random = np.random.default_rng(1).bytes(60)
    agree(random_tensors(architecture, layers, units, seed=units), TEXT + random)


@pytest.mark.parametrize(("units", "rank", "outputs"), [(7, 3, 0), (48, 0, 20), (130, 33, 129)])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("architecture", ["gru", "lstm"])
def test_the_reference_agrees_on_projections(
    architecture: str, layers: int, units: int, rank: int, outputs: int
) -> None:
    tensors = random_tensors(architecture, layers, units, units, rank=rank, outputs=outputs)
    agree(tensors, TEXT + np.random.default_rng(1).bytes(60))


@settings(max_examples=30)
@given(
    st.sampled_from(["gru", "lstm"]),
    st.integers(1, 2),
    st.integers(1, 20),
    st.integers(0, 1 << 32),
    st.sampled_from([0, 10, 1000, 100_000]),
    st.binary(max_size=20),
)
def test_the_reference_agrees_on_odd_networks(
    architecture: str, layers: int, units: int, seed: int, largest_scale: int, data: bytes
) -> None:
    """Gates wide open, gates shut, saturated states."""
    agree(random_tensors(architecture, layers, units, seed, largest_scale), data)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["gru", "lstm"])
def test_the_reference_agrees_for_long(architecture: str) -> None:
    tensors = random_tensors(architecture, 1, 128)
    agree(tensors, Path(__file__).read_bytes()[:5000] + np.random.default_rng(2).bytes(5000))


@pytest.mark.parametrize("rank", [0, 512])
def test_the_largest_sums_stay_in_32_bits(rank: int) -> None:
    """All weights at their ends, and biases as large as they may be."""
    tensors = random_tensors("gru", 1, 2048, rank=rank)
    for name, tensor in tensors.items():
        if tensor.dtype == np.int8:
            tensor[:, ::2] = np.where(tensor[:, ::2] < 0, -128, 127)
            tensor[:, 1::2] = np.where(tensor[:, ::2] < 0, 0, 1)
            tensor[0, ::2], tensor[-1, ::2], tensor[-1, 1::2] = 127, -128, 0
        elif name.endswith("start"):
            tensor[:] = -(1 << 15)
        elif name.endswith("bias"):
            tensor[:] = limits.LARGEST_SUM - (1 << 24)
        elif name.endswith("scale"):
            tensor[:] = 450 if rank else 900
    agree(tensors, b"ab")


def test_a_float_network_agrees() -> None:
    """torch.nn.GRU's equations in float, on the weights that the integers stand for."""
    units = 32
    tensors = random_tensors("gru", 1, units)
    network = Recurrent(tensors)
    memory = network.start()

    def matrix(name: str, ends: str) -> NDArray[np.float64]:
        scale = tensors[ends.format("scale")] / (1 << 16)
        return np.asarray(tensors[name] * scale[:, None])

    recurrent = matrix("layers.0.recurrent", "layers.0.recurrent_{}")
    output = matrix("output.weight", "output.{}")
    own_bias = tensors["layers.0.recurrent_bias"] / (1 << 12)
    h = tensors["layers.0.start"] / (1 << 15)
    for byte in TEXT:
        step(network.weights, memory, byte)
        x = (tensors["layers.0.input"][byte] / (1 << 11)).reshape(3, units)
        y = (recurrent @ (np.rint(h * 127) / 127) + own_bias).reshape(3, units)
        r, z = (1 / (1 + np.exp(-x[k] - y[k])) for k in (0, 1))
        n = np.tanh(x[2] + r * y[2])
        h = n + z * (h - n)
        logits = output @ (np.rint(h * 127) / 127) + tensors["output.bias"] / (1 << 12)
        p = np.exp(logits - logits.max())
        p /= p.sum()
        # From the same state on: errors of earlier steps are the network's own to forget.
        assert np.abs(memory.hidden[0, :units] / (1 << 15) - h).max() < 1e-3
        assert np.abs(memory.tree[256:] / memory.tree[1] - p).max() < 1e-2
        h = memory.hidden[0, :units] / (1 << 15)


def test_the_tree_holds_the_softmax() -> None:
    network = Recurrent(random_tensors("gru", 1, 40, largest_scale=4000))
    memory = network.start()
    for byte in TEXT:
        step(network.weights, memory, byte)
        tree = memory.tree
        assert (tree[1:256] == tree[2::2] + tree[3::2]).all()
        logits = memory.sums[-256:] / (1 << 12)
        p = np.exp(logits - logits.max())
        p /= p.sum()
        likely = p >= 2.0**-20
        assert np.abs(tree[256:] / tree[1] / p - 1)[likely].max() < 0.01
        assert tree[256:].min() >= 1


def test_node_odds_are_those_of_the_tree() -> None:
    network = Recurrent(random_tensors("gru", 1, 40, largest_scale=4000))
    memory = network.start()
    for byte in TEXT:
        step(network.weights, memory, byte)
        for node in range(1, 256):
            zeros, ones = memory.tree[2 * node : 2 * node + 2]
            odds = min(max(256 * math.log(ones / zeros), -2047), 2047)
            assert abs(node_odds(memory.tree, node) - odds) <= 1


def test_starts_are_independent() -> None:
    network = Recurrent(random_tensors("lstm", 1, 16))
    first, second = network.start(), network.start()
    before = second.tree.copy()
    step(network.weights, first, 65)
    assert (second.tree == before).all()
    assert not (first.tree == before).all()


def test_sigmoid_and_tanh() -> None:
    x = np.arange(-20 << 12, 20 << 12, 37)
    sigmoids = np.array([functions.sigmoid(i) for i in x]) / (1 << 15)
    tanhs = np.array([functions.tanh(i) for i in x]) / (1 << 15)
    assert np.abs(sigmoids - 1 / (1 + np.exp(-x / 4096))).max() < 5e-5
    assert np.abs(tanhs - np.tanh(x / 4096)).max() < 1e-4
    assert (np.diff(sigmoids) >= 0).all()
    assert (np.diff(tanhs) >= 0).all()
    assert functions.tanh(0) == 0
    assert (functions.sigmoid(1 << 26), functions.sigmoid(-(1 << 26))) == (1 << 15, 0)
    assert (functions.tanh(1 << 29), functions.tanh(-(1 << 29))) == (1 << 15, -(1 << 15))


def test_weights_of_the_softmax() -> None:
    distances = np.arange(0, 30 << 12, 11)
    weights = np.array([functions.weight(d) for d in distances])
    exact = np.exp(-distances / 4096) * (1 << 28)
    likely = distances < 14 << 12  # above 2**-20
    assert np.abs(weights / exact - 1)[likely].max() < 0.003
    assert (np.diff(weights) <= 0).all()
    assert weights.min() == 1
    assert functions.weight((1 << 31) - 1) == 1


@given(st.integers(1, 1 << 36), st.integers(1, 1 << 36))
def test_log_odds(ones: int, zeros: int) -> None:
    odds = min(max(256 * math.log(ones / zeros), -2047), 2047)
    assert abs(functions.log_odds(ones, zeros) - odds) <= 1


def test_the_tables_are_the_same_everywhere() -> None:
    state = hashlib.sha256()
    for table in (functions.SIGMOID, functions.EXP2, functions.LN):
        state.update(table.astype("<i4").tobytes())
    assert (functions.LN2, functions.LOG2_E) == (45426, 23637)
    assert state.hexdigest()[:16] == "5fcd687fb57bebd8"


def test_this_machine() -> None:
    assert reference_recurrent.digests() == DIGESTS


@pytest.mark.parametrize(
    "settings",
    [{"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, {"NUMBA_DISABLE_JIT": "1"}],
    ids=lambda settings: next(iter(settings)),
)
def test_another_machine(settings: dict[str, str], tmp_path: Path) -> None:
    """A process of its own, with cold caches; numpy's overflows would be errors."""
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", reference_recurrent.__file__],
        env={**os.environ, **settings, "ARZIP_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert json.loads(run.stdout) == DIGESTS


def damaged(name: str, tensor: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
    tensors = random_tensors("gru", 2, 8)
    if tensor is None:
        del tensors[name]
    else:
        tensors[name] = tensor
    return tensors


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("layers.0.recurrent", None, "no matrix layers.0.recurrent"),
        ("layers.0.recurrent", np.zeros((25, 8), np.int8), "neither a GRU's nor an LSTM's"),
        ("layers.0.recurrent", np.zeros((0, 0), np.int8), "neither a GRU's nor an LSTM's"),
        ("layers.0.recurrent", np.zeros((32, 8), np.int8), "LSTM|is int16 of shape|lacks"),
        ("layers.0.start", None, "lacks layers.0.start or output.weight"),
        ("output.weight", np.zeros((256, 9), np.int8), "reads 9 of 8 units"),
        ("layers.0.project", np.zeros((5, 8), np.int8), "of shape|lacks"),
        ("layers.0.recurrent", np.zeros((24, 8), np.float32), "float32 of shape"),
        ("layers.0.input", np.zeros((256, 23), np.int16), "is int16 of shape"),
        ("layers.1.input_scale", None, "lacks the tensor layers.1.input_scale"),
        ("layers.3.start", np.zeros(8, np.int16), "unknown tensor layers.3.start"),
        ("output.scale", np.full(256, -(1 << 31), np.int32), "too large for 32 bits"),
        ("layers.1.input_scale", np.full(24, 1 << 19, np.int32), "too large for 32 bits"),
        (
            "layers.1.input",
            np.full((24, 8), -65, np.int8),
            "layers.1.input has neighbouring weights",
        ),
        ("layers.1.input_bias", np.full(24, 1 << 27, np.int32), "too large for 32 bits"),
    ],
)
def test_what_is_no_network(name: str, tensor: NDArray[Any] | None, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        Recurrent(damaged(name, tensor))
    assert "\n" not in str(caught.value)


def test_a_cell_beyond_its_bounds() -> None:
    tensors = random_tensors("lstm", 1, 8)
    tensors["layers.0.start_cell"][3] = -(1 << 31)
    with pytest.raises(ModelError, match="not within"):
        Recurrent(tensors)


def test_too_many_layers() -> None:
    with pytest.raises(ModelError, match="more than 16"):
        Recurrent(random_tensors("gru", 17, 1))
