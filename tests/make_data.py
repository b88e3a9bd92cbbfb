"""Writes tests/data/VERSION: files of every method, frame and model that must always be readable.

    python tests/make_data.py

Run it before a version is released, and whenever a model changes before that. Never run it after:
released files must stay as they are. `index.json` has the size and digest of each file's data;
test_data.py reads the files of all versions.
"""

import hashlib
import json
import lzma
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import deflated
import golden
import numpy as np
import reference_recurrent
import reference_transformer

import arzip
from arzip import codec
from arzip.format.writer import FrameWriter, compact_frame
from arzip.models import registry
from arzip.models.parameters import NETWORK, PREFACE, Parameters

DATA = Path(__file__).with_name("data")
CUSTOM = {
    "gru": lambda: reference_recurrent.random_tensors("gru", 1, 12, seed=1),
    "lstm": lambda: reference_recurrent.random_tensors("lstm", 2, 12, seed=2),
    "transformer": lambda: reference_transformer.random_tensors(1, 16, 2, 16, seed=3),
}
"""Networks as of `arzip train`, but with random weights. The first model has a preface too."""

INPUTS = {name: data[:6000] for name, data in golden.inputs().items()}
INPUTS |= {"binary": bytes(range(256)) * 3, "runs": b"a" * 300 + b"b" * 5000}


def write_model(architecture: str, path: Path) -> None:
    """Write a custom model with that network."""
    swift = registry.read("swift")
    tensors = dict(swift.tensors)
    tensors |= {NETWORK + name: tensor for name, tensor in CUSTOM[architecture]().items()}
    if architecture == "gru":
        tensors[PREFACE] = np.frombuffer(INPUTS["log"][-1500:], dtype=np.uint8)
    registry.write(path, Parameters(f"own-{architecture}", swift.version, tensors, (), {}))


def long_frame(data: bytes, model: str | Path, size: int) -> bytes:
    """Return a frame with segments of that size."""
    compressor = arzip.ArzipCompressor(model, segment_size=size)
    return compressor.compress(data) + compressor.flush()


def odd_frames() -> Iterator[tuple[str, bytes, bytes]]:
    """Yield name, frame and data of frames that the format allows and arzip seldom writes."""
    text = INPUTS["text"]
    swift = arzip.load_model("swift")
    yield "long-empty", FrameWriter(swift.identity).header() + FrameWriter(b"").finish(), b""
    yield "stored-text", compact_frame(b"", codec.stored(text), text), text
    packed = arzip.compress(text, model=swift)
    streams = deflated.sample()
    yield "unpacked", arzip.compress(streams, model=swift), streams
    yield "long-unpacked", long_frame(streams, "swift", len(streams) // 2), streams
    yield "nested", arzip.compress(packed, model=swift), packed
    frames = [
        arzip.compress(text, model="base"),
        arzip.compress(b""),
        long_frame(INPUTS["log"], "swift", 3000),
        arzip.compress(bytes(999)),
    ]
    yield "four-frames", b"".join(frames), text + INPUTS["log"] + bytes(999)


def samples(folder: Path) -> Iterator[tuple[str, bytes, bytes, str | None]]:
    """Yield name, frame, data and the file in `folder` of a custom model, None for a built-in."""
    for name, data in INPUTS.items():
        plain = name.replace(" ", "-")
        for model in registry.names():
            yield f"{model}-{plain}", arzip.compress(data, model=model), data, None
    for model in registry.names():
        parts = INPUTS["mixed"] + INPUTS["noise"] + bytes(1000)
        yield f"{model}-segments", long_frame(parts, model, 5000), parts, None
    for architecture in CUSTOM:
        path = folder / f"{architecture}.safetensors"
        write_model(architecture, path)
        data = INPUTS["log"][:4000] + INPUTS["records"][:4000]
        yield f"own-{architecture}", arzip.compress(data, model=path), data, path.name
    for name, frame, data in odd_frames():
        yield name, frame, data, None


def main() -> None:
    """Replace this version's folder."""
    target = DATA / arzip.__version__
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        index = {}
        for name, packed, data, model in samples(folder):
            (folder / f"{name}.arz").write_bytes(packed)
            assert arzip.decompress(packed, model=model and folder / model) == data, name
            digest = hashlib.sha256(data).hexdigest()
            index[name] = {"bytes": len(data), "sha256": digest, "model": model}
        for path in folder.glob("*.safetensors"):
            path.with_name(f"{path.name}.xz").write_bytes(lzma.compress(path.read_bytes()))
            path.unlink()
        (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target)
    size = sum(path.stat().st_size for path in target.iterdir())
    print(f"{target}: {len(index)} files for {', '.join(registry.names())}, {size:,} bytes")


if __name__ == "__main__":
    main()
