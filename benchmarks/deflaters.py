"""How many bytes tell the deflate streams of other encoders, given their plain text.

    pip install zopfli deflate zlib-ng isal; apt-get install gzip p7zip-full advancecomp
    python benchmarks/deflaters.py FILE...

Encoders that are not there are named and left out. Every stream is made again and compared.
"""

import importlib
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np

from arzip import coder
from arzip.unpacking import blocks, encoders, layers, streams
from arzip.unpacking.decisions import Decisions
from arzip.unpacking.places import behind_gzip_header

MOST = 600_000  # bytes of a file that are deflated

MODULES = {
    "zlib": ("zlib", [(f"level {k}", k) for k in (1, 6, 9)]),
    "zlib-ng": ("zlib_ng.zlib_ng", [(f"level {k}", k) for k in (1, 2, 3, 6, 9)]),
    "isal": ("isal.isal_zlib", [(f"level {k}", k) for k in (0, 1, 3)]),
}
PROGRAMS = {
    "gzip": [("level 1", ["gzip", "-1nc"]), ("level 9", ["gzip", "-9nc"])],
    "7-Zip": [(f"-mx{k}", ["7z", "a", "-tgzip", f"-mx{k}"]) for k in (1, 5, 9)],
    "advdef": [(f"-{k}", ["advdef", "-z", f"-{k}"]) for k in (1, 3, 4)],
}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def main(files: tuple[Path, ...]) -> None:
    """Deflate FILES in many ways, and print what share of the streams must be told."""
    shares: dict[str, list[float]] = defaultdict(list)
    for path in files:
        data = path.read_bytes()[:MOST]
        for name, stream in _streams(data):
            shares[name].append(100 * _told(data, stream) / len(stream))
    print("| encoder | mean | most |\n|---|---|---|")
    for name, found in shares.items():
        print(f"| {name} | {sum(found) / len(found):.2f} % | {max(found):.2f} % |")


def _streams(data: bytes) -> Iterator[tuple[str, bytes]]:
    for name, (module, levels) in MODULES.items():
        try:
            deflater = importlib.import_module(module)
        except ImportError:
            click.echo(f"{name} is not installed", err=True)
            continue
        for said, level in levels:
            compressor = deflater.compressobj(level, 8, -15)
            yield f"{name}, {said}", compressor.compress(data) + compressor.flush()
    try:
        deflate = importlib.import_module("deflate")
        for level in (1, 6, 9, 12):
            yield f"libdeflate, level {level}", deflate.deflate_compress(data, level)
    except ImportError:
        click.echo("deflate is not installed", err=True)
    try:
        yield "zopfli", importlib.import_module("zopfli.zlib").compress(data)[2:-4]
    except ImportError:
        click.echo("zopfli is not installed", err=True)
    for name, commands in PROGRAMS.items():
        for said, command in commands:
            if shutil.which(command[0]) is None:
                click.echo(f"{command[0]} is not installed", err=True)
                continue
            yield f"{name}, {said}", _by_program(command, data)


def _by_program(command: list[str], data: bytes) -> bytes:
    """Return the stream in the gzip file that a program makes."""
    with tempfile.TemporaryDirectory() as folder:
        path, packed = Path(folder, "data"), Path(folder, "data.gz")
        path.write_bytes(data)
        if command[0] == "gzip":
            made = subprocess.run([*command, path], check=True, capture_output=True).stdout
        else:
            if command[0] == "7z":
                command = [*command[:4], str(packed), str(path)]
            else:
                subprocess.run(["gzip", "-n", path], check=True)
                command = [*command, str(packed)]
            subprocess.run(command, check=True, capture_output=True)
            made = packed.read_bytes()
    begin = behind_gzip_header(made, 0)
    return made[begin:-8]


def _told(data: bytes, stream: bytes) -> int:
    """Return how many bytes tell a stream. What comes of them must be the same."""
    src = np.frombuffer(stream, dtype=np.uint8)
    found, _ = streams.inflate(src, len(data), blocks.block_of(0))
    assert found is not None
    assert found.plain.tobytes() == data
    settings = encoders.guess(src, found.plain, found.farthest).values()
    encoder = coder.Encoder()
    streams.pass_on(Decisions(layers.odds(), encoder.add), found.plain, src, settings, found.tokens)
    payload = encoder.finish()
    words, state = coder.to_words(payload), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    learned = Decisions.learned(layers.odds(), words, state)
    assert streams.pass_on(learned, found.plain, None, settings, room=src.size) == stream
    return len(payload)


if __name__ == "__main__":
    main()
