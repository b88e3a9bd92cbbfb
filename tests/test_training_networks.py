"""Training: networks with one interface, exact resumption, and files that arzip codes with."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import arzip
from arzip.cli.group import cli
from arzip.models import hybrid, registry
from arzip.models.network import networks, recurrent, running, transformer

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'arzip[torch]'")
torch.set_num_threads(1)

from arzip.training import export  # noqa: E402
from arzip.training.data import DOCUMENT, Corpus, Lanes, read_corpus  # noqa: E402
from arzip.training.loop import Recipe, Trainer, bits_per_byte  # noqa: E402
from arzip.training.model import model_of  # noqa: E402
from arzip.training.networks import Config, GRUSequence, build  # noqa: E402
from arzip.training.start import network_in  # noqa: E402

CONFIGS = [
    Config("gru", 16),
    Config("gru", 16, 2),
    Config("lstm", 16),
    Config("lstm", 16, 2),
    Config("gru", 16, 2, rank=6, outputs=10),
    Config("lstm", 16, rank=6, outputs=10),
    Config("transformer", 16, 2, heads=2, window=10),
]
ids = [
    f"{config.architecture}-{config.layers}" + "-projected" * bool(config.rank)
    for config in CONFIGS
]
SLOWER = [
    pytest.param(config, marks=[pytest.mark.slow] if name in ("gru-2", "lstm-2") else [])
    for name, config in zip(ids, CONFIGS, strict=True)
]
"""For what takes ten seconds with each: the rest of them with -m slow."""
NOTHING = np.zeros(0, dtype=np.uint8)
RATES = {"gru": 1e-2, "lstm": 1e-2, "transformer": 3e-3}
LINES = [b"%d times %d is %d.\n" % (a, b, a * b) for a in range(30) for b in range(30)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    for i in range(100):
        (folder / f"{i}.txt").write_bytes(b"".join(LINES[i * 9 : i * 9 + 9]))
    return folder


@pytest.fixture(scope="module")
def corpus(folder: Path) -> Corpus:
    return read_corpus([folder])


@pytest.mark.parametrize("config", CONFIGS, ids=ids)
def test_chunks_of_a_document_equal_the_whole(config: Config) -> None:
    torch.manual_seed(1)
    network = build(config)
    data = torch.randint(0, 256, (24, 3))
    state = network.start(3)
    whole, _ = network(data, state)
    assert whole.shape == (24, 3, 256)
    parts = []
    for chunk in data.split(8):
        logits, state = network(chunk, state)
        parts.append(logits)
    assert whole.allclose(torch.cat(parts), atol=1e-4)


@pytest.mark.parametrize("config", CONFIGS, ids=ids)
def test_no_byte_sees_itself_or_what_follows(config: Config) -> None:
    torch.manual_seed(2)
    network = build(config)
    data = torch.randint(0, 256, (20, 2))
    logits, _ = network(data, network.start(2))
    changed = data.clone()
    changed[12:] = (changed[12:] + 1) % 256
    again, _ = network(changed, network.start(2))
    assert logits[:13].allclose(again[:13], atol=1e-4)
    assert not logits[13:].allclose(again[13:], atol=1e-4)


def test_the_gru_is_torchs_own_and_so_are_its_gradients() -> None:
    torch.manual_seed(3)
    size, reference = 12, torch.nn.GRU(5, 12)
    data, hidden = torch.randn(7, 4, 5), torch.randn(4, size)
    expected, _ = reference(data, hidden[None])
    matrix, bias = reference.weight_hh_l0, reference.bias_hh_l0
    inputs = data @ reference.weight_ih_l0.t() + reference.bias_ih_l0
    states = GRUSequence.apply(inputs, hidden, matrix, bias)
    assert states.allclose(expected, atol=0.02)  # bfloat16 has 8 bits
    weights = torch.randn_like(expected)
    for parameter in (matrix, reference.weight_ih_l0, bias):
        (wanted,) = torch.autograd.grad((expected * weights).sum(), parameter, retain_graph=True)
        (found,) = torch.autograd.grad((states * weights).sum(), parameter, retain_graph=True)
        assert (found - wanted).norm() < 0.03 * wanted.norm()


@pytest.mark.parametrize("architecture", ["gru", "lstm"])
def test_a_projection_is_the_product_of_two_matrices(architecture: str) -> None:
    torch.manual_seed(6)
    whole = build(Config(architecture, 12))
    projected = build(Config(architecture, 12, rank=12))
    fields = {name: p for name, p in whole.state_dict().items() if name != "recurrent.0"}
    projected.load_state_dict(fields, strict=False)
    with torch.no_grad():
        matrix = projected.recurrent[0] @ projected.project[0]
        whole.recurrent[0].copy_(matrix)
        whole.bias[0].copy_(projected.recurrent[0] @ projected.projected_bias[0].uniform_(-1, 1))
    data = torch.randint(0, 256, (9, 4))
    (first, _), (second, _) = (n(data, n.start(4)) for n in (whole, projected))
    assert first.allclose(second, atol=0.05)  # bfloat16 has 8 bits
    weights = torch.randn_like(first)
    (first * weights).sum().backward()
    (second * weights).sum().backward()
    found = projected.recurrent[0].grad
    wanted = whole.recurrent[0].grad @ projected.project[0].t()
    wanted += torch.outer(whole.bias[0].grad, projected.projected_bias[0])
    assert (found - wanted).norm() < 0.03 * wanted.norm()
    found, wanted = projected.project[0].grad, projected.recurrent[0].t() @ whole.recurrent[0].grad
    assert (found - wanted).norm() < 0.03 * wanted.norm()


@pytest.mark.parametrize("config", [Config("gru", 16, 2, 6, 10), Config("gru", 16)], ids=str)
def test_cudnn_s_way_is_the_same(config: Config) -> None:
    """As torch does it where there is no cuDNN."""
    torch.manual_seed(8)
    network = build(config)
    with torch.no_grad():
        for parameter in (network.begin, *network.bias, *network.projected_bias):
            parameter.uniform_(-0.5, 0.5)
    data = torch.randint(0, 256, (9, 4))
    first, (state,) = network(data, network.start(4))
    second, (again,) = network.by_cudnn(data, network.start(4))
    assert first.allclose(second, atol=0.02)  # bfloat16 has 8 bits
    assert state.allclose(again, atol=0.02)
    weights = torch.randn_like(first)
    for parameter in network.parameters():
        (wanted,) = torch.autograd.grad((second * weights).sum(), parameter, retain_graph=True)
        (found,) = torch.autograd.grad((first * weights).sum(), parameter, retain_graph=True)
        assert (found - wanted).norm() <= 0.03 * wanted.norm()


def test_impossible_networks() -> None:
    with pytest.raises(ValueError, match="gru, lstm or transformer"):
        build(Config("mamba"))
    with pytest.raises(ValueError, match="at most 512 numbers, not 513"):
        build(Config("gru", 600, rank=513))
    with pytest.raises(ValueError, match="of 16 units at most all are read, not 17"):
        build(Config("gru", 16, outputs=17))
    with pytest.raises(ValueError, match="no projection"):
        build(Config("transformer", 16, rank=4))


def test_documents_are_split_by_content(folder: Path, corpus: Corpus) -> None:
    files = {path.read_bytes() for path in folder.iterdir()}
    starts = corpus.starts[0]
    trained = {corpus.data[a:b].tobytes() for a, b in itertools.pairwise(starts)}
    assert trained < files
    aside = corpus.held_out[0].tobytes()
    assert aside and all(document not in aside for document in trained)
    assert sum(map(len, files)) == corpus.size + len(aside)


def test_links_and_loops_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(DOCUMENT + 7))
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path / "a")
    corpus = read_corpus([tmp_path])
    assert corpus.size + corpus.held_out[0].size == DOCUMENT + 7


def test_nothing_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        read_corpus([tmp_path])


def test_lanes_read_whole_documents(corpus: Corpus) -> None:
    documents = {corpus.data[a:b].tobytes() for a, b in itertools.pairwise(corpus.starts[0])}
    lanes = Lanes(corpus, 3, seed=1)
    read = [b""] * 3
    finished = [0] * 3
    for _ in range(60):
        data, counts, new = lanes.next(50)
        for lane in range(3):
            if new[lane] and read[lane]:
                if finished[lane]:
                    assert read[lane] in documents
                else:  # the first one begins anywhere
                    assert any(document.endswith(read[lane]) for document in documents)
                finished[lane] += 1
                read[lane] = b""
            read[lane] += data[: counts[lane], lane].astype(np.uint8).tobytes()
    assert sum(finished) > 10


def test_a_short_run_sees_all_parts_of_its_data(corpus: Corpus) -> None:
    """The first documents of many lanes, which a short run never leaves, do not all begin alike."""
    lanes = Lanes(corpus, 200, seed=3)
    lanes.next(1)
    assert len({start for start, _ in lanes.state()["ranges"]}) > 100


def small(**changes: object) -> Recipe:
    return Recipe(**{"lanes": 8, "steps": 16, "bytes": 12_000, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=SLOWER, ids=ids)
def trained(request: pytest.FixtureRequest, corpus: Corpus) -> tuple[Trainer, float]:
    """A network of each kind, and its bits per byte before it was trained."""
    config = request.param
    trainer = Trainer(corpus, config, small(bytes=30_000, rate=RATES[config.architecture]))
    before = bits_per_byte(trainer.network, corpus.held_out[0])
    trainer.run()
    return trainer, before


def test_training_finds_what_there_is_to_know(
    trained: tuple[Trainer, float], corpus: Corpus
) -> None:
    trainer, before = trained
    assert bits_per_byte(trainer.network, corpus.held_out[0]) < 0.6 * before


@pytest.mark.parametrize(
    "config", [CONFIGS[0], CONFIGS[3], CONFIGS[4]], ids=lambda c: c.architecture
)
def test_a_resumed_run_is_the_uninterrupted_one(
    corpus: Corpus, config: Config, tmp_path: Path
) -> None:
    whole = Trainer(corpus, config, small())
    whole.run()
    first = Trainer(corpus, config, small())
    for _ in range(20):
        first._update(first._done())
    first.save(tmp_path / "checkpoint")
    second = Trainer(corpus, config, small(seed=5))
    second.resume(tmp_path / "checkpoint")
    second.run()
    for a, b in zip(whole.network.parameters(), second.network.parameters(), strict=True):
        assert torch.equal(a, b)


def test_checkpoints_of_other_networks_are_refused(corpus: Corpus, tmp_path: Path) -> None:
    Trainer(corpus, CONFIGS[0], small()).save(tmp_path / "checkpoint")
    with pytest.raises(ValueError, match="another network"):
        Trainer(corpus, CONFIGS[2], small()).resume(tmp_path / "checkpoint")


def test_checkpoints_of_other_versions_are_refused(corpus: Corpus, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    Trainer(corpus, CONFIGS[0], small()).save(checkpoint)
    content = torch.load(checkpoint)
    del content["network"]["mean"]
    torch.save(content, checkpoint)
    with pytest.raises(ValueError, match="another version of arzip: train anew"):
        Trainer(corpus, CONFIGS[0], small()).resume(checkpoint)


def test_checkpoints_of_other_runs_are_refused(corpus: Corpus, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    Trainer(corpus, CONFIGS[0], small()).save(checkpoint)
    with pytest.raises(ValueError, match="other data, --lanes"):
        Trainer(corpus, CONFIGS[0], small(lanes=4)).resume(checkpoint)
    (tmp_path / "data").write_bytes(b"other" * 100)
    with pytest.raises(ValueError, match="other data, --lanes"):
        Trainer(read_corpus([tmp_path / "data"]), CONFIGS[0], small()).resume(checkpoint)


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_damaged_checkpoints_are_refused(corpus: Corpus, tmp_path: Path, size: int) -> None:
    checkpoint = tmp_path / "checkpoint"
    Trainer(corpus, CONFIGS[0], small()).save(checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:size])
    with pytest.raises(ValueError, match="damaged, or not a checkpoint"):
        Trainer(corpus, CONFIGS[0], small()).resume(checkpoint)


def test_a_run_that_diverges_stops_and_keeps_its_checkpoint(corpus: Corpus, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    trainer = Trainer(corpus, CONFIGS[0], small())
    trainer.save(checkpoint)
    good = checkpoint.read_bytes()
    with torch.no_grad():
        trainer.network.output.bias[0] = float("nan")
    with pytest.raises(arzip.ArzipError, match="diverged at step 0"):
        trainer.run(checkpoint=checkpoint)
    assert checkpoint.read_bytes() == good


def test_integers_lose_next_to_nothing(trained: tuple[Trainer, float], corpus: Corpus) -> None:
    trainer, _ = trained
    tensors = export.tensors(trainer.network)
    assert {n: (t.dtype, t.shape) for n, t in tensors.items()} == {
        n: (np.dtype(dtype), shape) for n, (dtype, shape) in wanted(trainer.network.config).items()
    }
    data = corpus.held_out[0][:1500]
    network = networks.network_of(tensors)
    memory, bits = network.start(), 0.0
    for byte in data.tolist():
        bits -= float(np.log2(memory.tree[256 + byte] / memory.tree[1]))
        networks.step(network.weights, memory, byte)
    expected = bits_per_byte(trainer.network, data, lanes=1)
    assert abs(bits / data.size - expected) < 0.01 * expected


def wanted(config: Config) -> dict[str, tuple[type[np.generic], tuple[int, ...]]]:
    if config.architecture == "transformer":
        return transformer.tensors_of(config.layers, config.hidden, config.heads, config.window)
    outputs = config.outputs or config.hidden
    shape = (config.architecture, config.layers, config.hidden, config.rank, outputs)
    return recurrent.tensors_of(recurrent.Shape(*shape))


def test_a_transformer_is_its_integers_at_every_byte() -> None:
    """Beyond its window, with a start and a ring that say something."""
    torch.manual_seed(4)
    config = Config("transformer", 32, 2, heads=4, window=6)
    network = build(config)
    with torch.no_grad():
        network.begin.normal_()
        network.ring.normal_()
        network.output.weight.normal_()
    data = np.frombuffer(b"".join(LINES[:5]), dtype=np.uint8)
    logits, _ = network(torch.from_numpy(data.astype(np.int64))[:, None], network.start(1))
    probabilities = torch.softmax(logits[:, 0], dim=1).detach().numpy()
    exact = networks.network_of(export.tensors(network))
    memory = exact.start()
    for byte, p in zip(data, probabilities, strict=True):
        assert np.abs(memory.tree[256:] / memory.tree[1] - p).max() < 0.03
        networks.step(exact.weights, memory, byte)


@pytest.mark.parametrize("arch", ["gru", "transformer"])
def test_the_command_makes_a_model_that_compresses(folder: Path, tmp_path: Path, arch: str) -> None:
    output = tmp_path / "mine.safetensors"
    arguments = ["train", str(folder), "-o", str(output), "--hidden", "16", "--epochs", "2"]
    arguments += ["--arch", arch, "--lanes", "8", "--window", "40", "--rounded", "0.1"]
    arguments += ["--preface", "1000"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.safetensors"]
    model = registry.load(output)
    assert model.name == "mine"
    data = b"".join(LINES[:50])
    packed = arzip.compress(data, model=model)
    assert arzip.decompress(packed, model=model) == data
    with pytest.raises(arzip.ModelError, match=model.identity.hex()):
        arzip.decompress(packed)
    made = registry.read(output)
    network = running.memory_needed(networks.network_of(made.network))
    size = made.preface.size
    swift = registry.load("swift")  # and a predictor for small files is kept beside
    both = sum(swift.memory_needed(n + size) + network for n in (1000, hybrid.KEPT))
    assert model.memory_needed(1000) == both
    lines = made.preface.tobytes().splitlines(keepends=True)
    assert 500 < size <= 1000 and set(lines) <= set(LINES)
    output.write_bytes(output.read_bytes()[:-1])
    with pytest.raises(arzip.ModelError, match="damaged"):
        registry.read(output)


@pytest.mark.slow
def test_a_transformers_file_is_read_on_another_machine(folder: Path, tmp_path: Path) -> None:
    """A process of its own, with cold caches, for a processor without extras."""
    model, data = tmp_path / "mine.safetensors", b"".join(LINES[:300])
    network = build(Config("transformer", 32, 2, heads=4, window=16))
    registry.write(model, model_of(network, "mine", {}, NOTHING))
    (tmp_path / "x.arz").write_bytes(arzip.compress(data, model=registry.load(model)))
    settings = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    environment = {**os.environ, **settings, "ARZIP_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "arzip", "-dc", "-m", str(model), str(tmp_path / "x.arz")]
    result = subprocess.run(command, env=environment, capture_output=True, timeout=250)
    assert result.returncode == 0, result.stderr
    assert result.stdout == data


@pytest.mark.parametrize("rank", [0, 10])
@pytest.mark.parametrize("architecture", ["gru", "lstm"])
def test_a_model_s_network_is_what_was_exported(
    architecture: str, rank: int, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    network = build(Config(architecture, 24, 2, rank, outputs=2 * rank))
    with torch.no_grad():
        for parameter in (network.begin, *network.bias, *network.projected_bias):
            parameter.uniform_(-0.5, 0.5)
    registry.write(tmp_path / "m.safetensors", model_of(network, "m", {}, NOTHING))
    again = network_in(tmp_path / "m.safetensors")
    assert again.config == network.config
    first, second = export.tensors(network), export.tensors(again)
    assert first.keys() == second.keys()
    for name in first:  # rounded twice, by scales that may differ; biases make up for that
        if name.endswith("scale"):
            assert np.abs(first[name] / second[name] - 1).max() < 0.03
            continue
        if name.endswith("bias"):
            assert np.abs(first[name] - second[name]).max() < 0.02 * (1 << 12)
            continue
        scale = name.replace("weight", "") + ("scale" if name == "output.weight" else "_scale")
        steps = [np.ones(1) if scale not in t else t[scale][:, None] for t in (first, second)]
        values = [t[name] * step for t, step in zip((first, second), steps, strict=True)]
        assert np.abs(values[0] - values[1]).max() <= max(step.max() for step in steps)


def test_training_starts_from_a_model(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    arguments = ["train", str(folder), "--lanes", "8", "--hidden", "16", "--epochs"]
    assert CliRunner().invoke(cli, [*arguments, "3", "-o", str(first)]).exit_code == 0
    arguments += ["0.01", "-f", "--start", str(first), "-o", str(second)]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    data = np.frombuffer(b"".join(LINES), dtype=np.uint8)
    before, after = (bits_per_byte(network_in(path), data) for path in (first, second))
    assert after < before + 0.1  # a random network needs over 7 bits
    result = CliRunner().invoke(cli, [*arguments, "--start", "swift"])
    assert result.exit_code == 1
    assert "swift has no gru or lstm to start from" in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["-o", "x", "nowhere"], 2, "nowhere"),
        (["-o", "x", "."], 1, "nothing to train on"),
        (["-o", "x", ".", "--hidden", "4"], 2, "hidden"),
        (["-o", "x", __file__, "--arch", "transformer", "--hidden", "20"], 1, "multiple of 8"),
        (["-o", "x", __file__, "--arch", "transformer", "--hidden", "2048"], 1, "at most 1024"),
        (["."], 2, "output"),
    ],
)
def test_misuse(
    arguments: list[str], status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["train", *arguments])
    assert result.exit_code == status
    assert message in result.output


SPREAD = """
import atexit, os, sys, torch
from pathlib import Path
from arzip.training.data import read_corpus
from arzip.training.loop import Recipe, Trainer
from arzip.training.networks import Config

def check_threads():
    names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
    if any("gloo" in name for name in names):
        print("still running:", names, file=sys.stderr, flush=True)
        os._exit(3)

atexit.register(check_threads)  # after all that training has registered
corpus, checkpoint = read_corpus([Path(sys.argv[1])]), Path(sys.argv[2])
recipe = Recipe(lanes=4, steps=16, bytes=4000, rounded=0.5)

class Interrupted(Exception):
    pass

seen = []

def interrupt(progress):
    seen.append(progress)
    if len(seen) == 6:
        raise Interrupted

trainer = Trainer(corpus, Config("gru", 8), recipe)
try:
    trainer.run(interrupt, checkpoint, every=0.0)
except Interrupted:
    pass
torch.distributed.barrier()
again = Trainer(corpus, Config("gru", 8), recipe)
again.resume(checkpoint)
again.run()
whole = Trainer(corpus, Config("gru", 8), recipe)
whole.run()
pairs = zip(whole.network.parameters(), again.network.parameters(), strict=True)
assert all(torch.equal(a, b) for a, b in pairs)
mine = torch.cat([p.detach().flatten() for p in whole.network.parameters()])
other = [torch.empty_like(mine) for _ in range(2)]
torch.distributed.all_gather(other, mine)
assert torch.equal(*other)
"""


def torchrun(arguments: list[str], folder: Path) -> None:
    """Two processes, whose gradients gloo joins, over the loopback alone: a machine whose own name
    does not resolve trains too."""
    loopback = "lo" if sys.platform == "linux" else "lo0"
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": loopback}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--standalone", "--local-addr", "127.0.0.1", *arguments]
    result = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_two_processes_train_one_network(folder: Path, tmp_path: Path) -> None:
    """Interrupted and resumed or not; and no thread of theirs outlives the interpreter, which would
    now and then kill the process."""
    (tmp_path / "spread.py").write_text(SPREAD)
    torchrun(["spread.py", str(folder), "checkpoint"], tmp_path)
    assert (tmp_path / "checkpoint").stat().st_size > 1000


def test_the_command_in_two_processes(folder: Path, tmp_path: Path) -> None:
    command = ["-m", "arzip", "train", str(folder), "-o", "m.safetensors"]
    torchrun([*command, "--hidden", "8", "--lanes", "4", "--epochs", "1"], tmp_path)
    assert network_in(tmp_path / "m.safetensors").config == Config("gru", 8)
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
