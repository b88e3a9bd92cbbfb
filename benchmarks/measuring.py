"""One measurement, and a plan of many: their order, their cores, and those made before.

Compressors take turns on each file (A B C, A B C, ...), so that a slow spell of the machine slows
all of them. Each worker has a core of its own, which its processes do not leave. Processes with
several threads are measured at the end, alone, on all cores.
"""

import filecmp
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from compressors import Compressor
from results import MISSING, OK, Row

LAUNCH = Path(__file__).with_name("launch.py")
ANY_CORE = "-"


class CommandFailedError(Exception):
    """A command failed; the text is its last message."""


class Took(NamedTuple):
    seconds: float
    peak: int


class Item(NamedTuple):
    """A file of a corpus."""

    corpus: str
    name: str
    path: Path
    size: int


@dataclass(frozen=True)
class Terms:
    """How often to measure, and for how long."""

    repeats: int = 3
    repeat_within: float = 1.0
    """Seconds, both ways together. A longer measurement is not repeated."""
    timeout: float = 7200.0
    jobs: int = 1


def run(command: list[str], output: Path, *, core: str, timeout: float) -> Took:
    """Run the command; return its time and peak memory.

    Its standard output goes to the file `output`, unless it makes that itself. Raises
    CommandFailedError.
    """
    captured = output.with_name(output.name + ".stdout")
    launcher = [sys.executable, "-I", "-S", LAUNCH, captured.name, core, str(timeout), *command]
    # In the output's folder, because archivers keep the paths that they are given.
    done = subprocess.run(launcher, cwd=output.parent, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise CommandFailedError(f"its launcher ended with status {done.returncode}")
    took = json.loads(done.stdout)
    if took["status"] != 0:
        raise CommandFailedError(_why(took["status"], took["seconds"] >= timeout, captured))
    if not output.exists():
        captured.rename(output)
    return Took(took["seconds"], took["peak_bytes"])


def _why(status: int, is_late: bool, captured: Path) -> str:
    if is_late:
        return "it took too long"
    messages = captured.with_name(captured.name + ".stderr").read_text(errors="replace").split("\n")
    said = [" ".join(line.split()) for line in messages if line.strip()]
    return said[-1] if said else f"it ended with status {status}"


def measure(
    compressor: Compressor,
    item: Item,
    *,
    repeat: int = 1,
    core: str = ANY_CORE,
    timeout: float = Terms.timeout,
) -> Row:
    """Compress and restore one file, and compare. Return the row, also if that fails."""
    row = Row(
        corpus=item.corpus,
        file=item.name,
        compressor=compressor.name,
        version=compressor.version,
        repeat=repeat,
        status=MISSING,
        bytes=item.size,
    )
    if not compressor.is_installed:
        return row
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        here = Path(temporary)
        source, packed, restored = Path("data"), Path(f"data.{compressor.name}"), Path("restored")
        shutil.copyfile(item.path, here / source)
        try:
            command = compressor.compress(source, packed, item.size)
            forth = run(command, here / packed, core=core, timeout=timeout)
            command = compressor.decompress(packed, restored, item.size)
            back = run(command, here / restored, core=core, timeout=timeout)
        except CommandFailedError as error:
            return replace(row, status=f"failed: {error}")
        if not filecmp.cmp(item.path, here / restored, shallow=False):
            return replace(row, status="wrong: other bytes came back")
        compressed = (here / packed).stat().st_size
    return replace(
        row,
        status=OK,
        compressed=compressed,
        compress_seconds=round(forth.seconds, 4),
        decompress_seconds=round(back.seconds, 4),
        compress_peak=forth.peak,
        decompress_peak=back.peak,
        model_bytes=compressor.model_bytes,
        package_bytes=compressor.package_bytes,
    )


class Turn(NamedTuple):
    compressor: Compressor
    item: Item
    repeat: int


def turns(items: Iterable[Item], compressors: Sequence[Compressor], repeats: int) -> Iterator[Turn]:
    """Yield all turns, those on large files first: at the end no worker is alone with one."""
    for item in sorted(items, key=lambda item: -item.size):
        for repeat in range(1, repeats + 1):
            for compressor in compressors:
                if item.size >= compressor.least:
                    yield Turn(compressor, item, repeat)


class Plan:
    """All turns that are not in `done`."""

    def __init__(
        self,
        items: Iterable[Item],
        compressors: Sequence[Compressor],
        done: Iterable[Row],
        terms: Terms,
    ) -> None:
        self._terms = terms
        self._cores: queue.SimpleQueue[str] = queue.SimpleQueue()
        versions = {compressor.name: compressor.version for compressor in compressors}
        current = [row for row in done if row.is_ok and row.version == versions.get(row.compressor)]
        self._first = {row.key[:3]: row for row in current if row.repeat == 1}
        known = {row.key for row in current}
        self.turns = [
            turn
            for turn in turns(items, compressors, terms.repeats)
            if (turn.item.corpus, turn.item.name, turn.compressor.name, turn.repeat) not in known
        ]

    def measure(self, keep: Callable[[Turn, Row | None], None]) -> None:
        """Take the turns. Each row goes to `keep`, or None for a repeat that is left out."""
        for core in sorted(os.sched_getaffinity(0))[: self._terms.jobs]:
            self._cores.put(str(core))
        with ThreadPoolExecutor(max(1, self._cores.qsize())) as pool:
            narrow = [turn for turn in self.turns if turn.compressor.threads == 1]
            under_way = {pool.submit(self._on_a_core, turn): turn for turn in narrow}
            try:
                for done in as_completed(under_way):
                    keep(under_way[done], done.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for turn in self.turns:
            if turn.compressor.threads > 1:
                keep(turn, self._take(turn, ANY_CORE))

    def _on_a_core(self, turn: Turn) -> Row | None:
        core = self._cores.get()
        try:
            return self._take(turn, core)
        finally:
            self._cores.put(core)

    def _take(self, turn: Turn, core: str) -> Row | None:
        key = (turn.item.corpus, turn.item.name, turn.compressor.name)
        if turn.repeat > 1 and not self._is_worth_repeating(self._first.get(key)):
            return None
        row = measure(
            turn.compressor,
            turn.item,
            repeat=turn.repeat,
            core=core,
            timeout=self._terms.timeout,
        )
        if turn.repeat == 1:
            self._first[key] = row
        return row

    def _is_worth_repeating(self, first: Row | None) -> bool:
        """Return whether the first measurement was short; it may also still be running."""
        if first is None or not first.is_ok:
            return False
        return first.compress_seconds + first.decompress_seconds <= self._terms.repeat_within


def warm_up(compressors: Iterable[Compressor]) -> None:
    """Compile arzip's models before anything is measured."""
    for compressor in compressors:
        if compressor.model is not None:
            with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
                path = Path(temporary) / "data"
                path.write_bytes(b"warm up, twice: " * 100)
                measure(compressor, Item("warm up", "data", path, path.stat().st_size))
