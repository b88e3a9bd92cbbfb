"""The determinism matrix: a table of the same inputs under every setting that arzip may run in.

    python tests/matrix.py [--python PATH]... [--quick]

Each row is a process of its own, with machine code of its own if its setting changes that. It
compresses all inputs with all models, and decompresses the first row's files: both results must be
equal, byte for byte. `--python` adds a row for another interpreter, with its own versions of NumPy
and numba. The exit status is 1 if anything differs.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TINY = ("one byte", "short text")
"""The inputs without a compiler, which takes 0.1 s a byte. It also codes their known answers,
which are longer."""


@dataclass(frozen=True)
class Setting:
    """A row of the table."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable
    before: tuple[str, ...] = ()  # words before the interpreter on the command line
    options: tuple[str, ...] = ()  # the interpreter's options
    threads: int = 1
    tiny: bool = False
    compiles: bool = True  # other machine code than the first row's


def settings(pythons: list[str], quick: bool) -> list[Setting]:
    """Return the rows. All others are compared with the first."""
    one, two = (dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"), n) for n in "12")
    odd = {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu", "PYTHONMALLOC": "debug"}
    rows = [
        Setting("host", compiles=False),
        Setting("-T2, 2 threads", two, threads=2, compiles=False),
        Setting("1 thread", one, compiles=False),
        Setting("LC_ALL=C, hash seed 1", {"LC_ALL": "C", "PYTHONHASHSEED": "1"}, compiles=False),
        Setting("tr_TR.UTF-8, -O", odd, options=("-O",), compiles=False),
        Setting("generic CPU", {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}),
    ]
    if shutil.which("taskset"):
        pinned = ("taskset", "-c", "0")
        rows.insert(3, Setting("taskset -c 0, -T2", before=pinned, threads=2, compiles=False))
    if not quick:
        rows += [Setting("another interpreter", python=python) for python in pythons]
        rows += [Setting(f"NUMBA_OPT={level}", {"NUMBA_OPT": level}) for level in "012"]
    # NumPy warns of 64-bit numbers that wrap; here they should.
    silent = ("-W", "ignore::RuntimeWarning")
    return [*rows, Setting("no compiler", {"NUMBA_DISABLE_JIT": "1"}, options=silent, tiny=True)]


def inputs() -> dict[str, bytes]:
    """Return small inputs of all kinds, most of several segments."""
    import golden

    return {name: data[:4000] for name, data in golden.inputs().items()}


def child(frames: Path, threads: int, tiny: bool) -> None:
    """Compress and decompress in this process; print JSON.

    `frames` is the folder of the first row's files, which the first row fills.
    """
    import numba
    import numpy as np

    import arzip
    from arzip.models.registry import names

    given = {name: data for name, data in inputs().items() if not tiny or name in TINY}
    compressed, wrong = {}, []
    for model in ("swift", "fast") if tiny else names():
        for name, data in given.items():
            compressor = arzip.ArzipCompressor(model, threads=threads, segment_size=1500)
            packed = compressor.compress(data) + compressor.flush()
            compressed[f"{model} {name}"] = hashlib.sha256(packed).hexdigest()
            path = frames / f"{model} {name}.arz"
            if not path.exists():
                path.write_bytes(packed)
            if arzip.decompress(path.read_bytes(), threads=threads) != data:
                wrong.append(path.stem)
    versions = [platform.python_version(), numba.__version__, np.__version__]
    print(json.dumps({"compressed": compressed, "wrong": wrong, "versions": versions}))


def row(setting: Setting, folder: Path) -> dict[str, Any]:
    """Run a row in a process of its own; return its JSON. Raises CalledProcessError.

    `folder` holds the first row's files and machine code.
    """
    with tempfile.TemporaryDirectory() as cold:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ARZIP_CACHE_DIR": cold if setting.compiles else str(folder),
            **setting.environment,
        }
        command = [*setting.before, setting.python, *setting.options, __file__]
        command += ["--child", str(folder), "--threads", str(setting.threads)]
        command += ["--tiny"] if setting.tiny else []
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> int:
    """Print the table as it grows."""
    parser = argparse.ArgumentParser(description="The determinism matrix.")
    parser.add_argument("--python", action="append", default=[], metavar="PATH")
    parser.add_argument("--quick", action="store_true", help="the first rows only")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.threads, chosen.tiny)
        return 0
    print("| setting | Python | numba | NumPy | compressed | decompressed | s |")
    print("|---|---|---|---|---|---|---|", flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        expected: dict[str, str] = {}
        for setting in settings(chosen.python, chosen.quick):
            start = time.monotonic()
            result = row(setting, Path(folder))
            compressed, wrong = result["compressed"], result["wrong"]
            expected = expected or compressed
            same = sum(digest == expected[name] for name, digest in compressed.items())
            right = len(compressed) - len(wrong)
            failed |= same < len(compressed) or bool(wrong)
            cells = [setting.name, *result["versions"]]
            cells += [f"{same} of {len(compressed)} equal", f"{right} of {len(compressed)} right"]
            print("|", " | ".join(cells), f"| {time.monotonic() - start:.0f} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
