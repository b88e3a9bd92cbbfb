"""Fuzzing guided by coverage: `cd tests && python -m fuzz TARGET [libFuzzer's options]`.

TARGET is `container`, `decoder`, `unpacker`, `packer` or `model`. Needs atheris (pip install
atheris), which compiles coverage counters into the modules named below. Good options:
-runs=1000000, -max_len=2000, -timeout=10 and a folder to keep the corpus in; without one it starts
from the samples in data/.
Half of the inputs are taken as they are, half as recipes for frames or models whose checks hold:
no fuzzer finds its way past a checksum.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=[
        "arzip.codec",
        "arzip.compressibility",
        "arzip.errors",
        "arzip.files",
        "arzip.format",
        "arzip.models.parameters",
        "arzip.recovery",
        "arzip.streams",
        "arzip.unpacking",
    ]
):
    import arzip.files
    import arzip.models.parameters
    import arzip.recovery
    import arzip.streams.compressor

import deflated
from conftest import Counts

from fuzz import targets

COUNTS = Counts()
FOLDER = Path(tempfile.mkdtemp(prefix="arzip-fuzz-"))


def container(data: bytes) -> None:
    """One input of the target of this name: what follows the first byte, as that one says."""
    frame = data[1:] if data[:1] < b"\x80" else targets.signed_frame(data[1:], COUNTS.identity)
    targets.container(frame, COUNTS)


def decoder(data: bytes) -> None:
    """See container."""
    ends = {b"\xb0": "swift", b"\xf0": "fast", b"\xfc": "base"}
    name = next((name for end, name in ends.items() if data[:1] < end), "max")
    model = arzip.load_model(name)
    frame = data[1:] if data[:1] < b"\x80" else targets.signed_frame(data[1:], model.identity)
    targets.decoder(frame)


def model(data: bytes) -> None:
    """See container."""
    targets.model_file(data[1:] if data[:1] < b"\x80" else targets.signed_model(data[1:]))


def seeds(target: str) -> list[bytes]:
    """Inputs to start from."""
    texts = [b"", b"abc", b"z" * 300, b"the quick brown fox jumps over the lazy dog. " * 9]
    if target == "model":
        kinds = [first | proven for first in range(4) for proven in (0, 0x80)]
        for kind in kinds:  # so that no input has to wait for the compiler
            assert targets.model_file(targets.signed_model(bytes([kind | 0x80])))
        signed = [b"\x80" + bytes([kind]) + bytes(range(200)) for kind in kinds]
        return [*signed, b"\0" + targets.signed_model(b"")[:2000]]
    if target in ("unpacker", "packer"):
        sample = deflated.sample()
        return [sample[at : at + 2000] for at in range(0, len(sample), 1000)]
    made = COUNTS if target == "container" else "swift"
    frames = [arzip.compress(text, model=made) for text in texts]
    long = arzip.streams.compressor.ArzipCompressor(made, segment_size=64)
    frames.append(long.compress(b"".join(texts)) + long.flush())
    frames += [path.read_bytes() for path in sorted(Path("data").glob("*/*.arz"))]
    recipe = b"\x04\x02\xac\x01\0" + b"\x05\x01\x03abc" + b"\x08\x00\x20\x05" + bytes(5)
    return [b"\0" + frame for frame in frames if len(frame) < 4000] + [b"\x80" + recipe]


def main() -> None:
    """Fuzz until the options say stop, or something is found."""
    target, options = sys.argv[1], sys.argv[2:]
    if all(option.startswith("-") for option in options):
        corpus = FOLDER / "corpus"
        corpus.mkdir()
        for seed in seeds(target):
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        options.append(str(corpus))
    run = {
        "container": container,
        "decoder": decoder,
        "unpacker": targets.unpacker,
        "packer": targets.packer,
        "model": model,
    }[target]
    atheris.Setup([sys.argv[0], *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
