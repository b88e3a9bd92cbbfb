"""Weights rounded as files hold them: training with them, and writing just what was trained."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'arzip[torch]'")
torch.set_num_threads(1)

from arzip.training import export, quantise  # noqa: E402
from arzip.training.data import Corpus  # noqa: E402
from arzip.training.loop import Recipe, Trainer  # noqa: E402
from arzip.training.networks import Config, build  # noqa: E402

CONFIGS = [
    Config("gru", 16, 2),
    Config("lstm", 16, 2),
    Config("gru", 16, 2, rank=6, outputs=10),
    Config("transformer", 16, 2, heads=2, window=8),
]


def test_rows_are_whole_numbers_of_their_scales() -> None:
    matrix = torch.tensor([[1.0, -0.5, 0.25], [0.0, 0.0, 0.0], [1e-7, -1e-7, 0.0]])
    whole, scales = quantise.rows(matrix)
    assert whole.dtype == torch.int8 and scales.dtype == torch.int32
    assert whole[0].tolist() == [85, -42, 21] and scales[0] == math.ceil(1.5 * 65536 / 127)
    assert not whole[1:].any() and scales[1:].tolist() == [1, 1]


def test_rounding_is_within_half_a_step_and_rounds_no_further() -> None:
    torch.manual_seed(1)
    matrix = torch.randn(20, 30)
    near = quantise.rounded(matrix)
    step = (matrix[:, ::2].abs() + matrix[:, 1::2].abs()).amax(dim=1, keepdim=True) / 127
    assert ((near - matrix).abs() <= step * 0.51 + 1e-7).all()
    assert not near.equal(matrix)


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0])
def test_neighbours_are_small_enough_together(size: float) -> None:
    torch.manual_seed(3)
    whole, _ = quantise.rows(size * torch.randn(2000, 4))
    sizes = whole.abs().to(torch.int16)
    largest = (sizes[:, ::2] + sizes[:, 1::2]).max()
    assert (0 if size < 1e-5 else 100) <= largest <= 128


def test_the_gradient_goes_straight_through() -> None:
    torch.manual_seed(2)
    matrix, weights = torch.randn(4, 5, requires_grad=True), torch.randn(4, 5)
    (quantise.rounded(matrix) * weights).sum().backward()
    assert matrix.grad.equal(weights)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)
def test_what_is_written_is_what_was_trained_with(config: Config) -> None:
    """Every matrix of int8 times its scales is a rounded matrix, to the bit; and none is left."""
    torch.manual_seed(3)
    network = build(config)
    rounded = [quantise.rounded(m).detach() for m in quantise.matrices(network).values()]
    tensors = export.tensors(network)
    written = 0
    for name, tensor in tensors.items():
        if tensor.dtype == np.int8:
            scale = tensors.get(name + "_scale", tensors["output.scale"])
            exact = torch.from_numpy((tensor * (scale[:, None] / 65536)).astype(np.float32))
            assert any(exact.equal(matrix) for matrix in rounded), name
            written += 1
    assert written == len(rounded)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)
def test_a_rounded_network_computes_with_the_rounded_matrices(config: Config) -> None:
    torch.manual_seed(4)
    network = build(config)
    network.mean.normal_()
    data = torch.randint(0, 256, (12, 2))
    found, _ = quantise.rounded_forward(network, data, network.start(2))
    plain, _ = network(data, network.start(2))
    assert not found.equal(plain)
    found.sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in quantise.matrices(network).values())
    with torch.no_grad():
        parameters = dict(network.named_parameters())
        for name, value in quantise.rounded_parameters(network).items():
            parameters[name].copy_(value)
    assert found.equal(network(data, network.start(2))[0])


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)
def test_biases_make_up_for_rounding_at_the_mean_state(config: Config) -> None:
    torch.manual_seed(5)
    network = build(config)
    network.mean.normal_()
    before, after = dict(network.named_parameters()), quantise.rounded_parameters(network)
    products = network.products()
    recurrent = config.architecture != "transformer"
    assert len(products) == 1 + recurrent * (3 + 2 * bool(config.rank))
    for name, (bias, mean) in products.items():
        wanted = before[name] @ mean + before[bias]
        assert (after[name] @ mean + after[bias]).allclose(wanted, atol=1e-5)
        assert not (after[name] @ mean + before[bias]).allclose(wanted, atol=1e-5)
    written = export.tensors(network)["output.bias"]
    assert np.array_equal(written, np.rint(after["output.bias"].detach().double().numpy() * 4096))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)
def test_training_keeps_the_mean_of_the_states(config: Config) -> None:
    data = np.frombuffer(b"to be or not to be, that is the question. " * 100, dtype=np.uint8)
    corpus = Corpus(("x",), data, (np.array([0, data.size]),), (data[:0],))
    trainer = Trainer(corpus, config, Recipe(lanes=4, steps=16, bytes=640))
    means = []
    for _ in range(3):
        trainer._update(0.0)
        means.append(trainer._state[0].mean(dim=1))
    assert trainer.network.mean.allclose(torch.stack(means).mean(dim=0), atol=1e-6)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.architecture)
def test_only_the_last_part_of_training_rounds(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = np.frombuffer(b"to be or not to be, that is the question. " * 100, dtype=np.uint8)
    corpus = Corpus(("x",), data, (np.array([0, data.size]),), (data[:0],))
    trainer = Trainer(corpus, config, Recipe(lanes=4, steps=16, bytes=6400, rounded=0.3))
    rounds, forward = [], quantise.rounded_forward

    def counted(*arguments: object) -> object:
        rounds.append(trainer._done())
        return forward(*arguments)

    monkeypatch.setattr("arzip.training.loop.rounded_forward", counted)
    before = {name: m.detach().clone() for name, m in quantise.matrices(trainer.network).items()}
    trainer.run()
    assert 25 <= len(rounds) <= 35 and min(rounds) >= 0.7  # of 100 or so
    after = quantise.matrices(trainer.network)
    assert not any(before[name].equal(after[name]) for name in before)
