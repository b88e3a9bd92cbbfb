"""Calls to executors, results in order; and segments coded on them: threads, processes, Dask."""

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip.codec import Prediction, Progress
from arzip.errors import WorkerError
from arzip.streams.compressor import ArzipCompressor
from arzip.streams.decompressor import ArzipDecompressor, decompress
from arzip.streams.workers import Ordered, workers
from arzip.system.cpus import cpus

SEGMENT = 1000
TEXT = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(600))


class Later(Executor):
    """Makes a call only when it is told to, so that the test chooses the order."""

    def __init__(self) -> None:
        self.started: list[Future[Any]] = []
        self.calls: list[Any] = []

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.started.append(future)
        self.calls.append(lambda: future.set_result(function(*arguments)))
        return future


@given(st.permutations(range(5)))
def test_results_come_in_the_order_of_the_calls(order: list[int]) -> None:
    later = Later()
    ordered: Ordered[int] = Ordered(4, later)
    for number in range(5):
        assert not ordered.is_full
        ordered.put(abs, -number)
    assert ordered.is_full
    for number in order:
        later.calls[number]()
    assert [ordered.get() for _ in range(len(ordered))] == list(range(5))


def test_one_more_call_than_threads_is_in_flight() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert [Ordered(*given).capacity for given in [(), (1,), (2,), (None, pool)]] == [
            1,
            1,
            3,
            4,
        ]
        assert Ordered(7, pool).capacity == 8
        assert Ordered(0).capacity == Ordered(cpus()).capacity


def test_calls_that_have_not_begun_are_cancelled() -> None:
    later = Later()
    ordered: Ordered[int] = Ordered(4, later)
    for _ in range(3):
        ordered.put(abs, 1)
    ordered.close()
    assert len(ordered) == 0
    assert all(future.cancelled() for future in later.started)


def test_how_many_workers_an_executor_has() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert workers(pool) == 3
    assert workers(Later()) == cpus()


def slowly(began: threading.Event, result: int, progress: Progress) -> int:
    """Half a minute's work, which tells of its progress."""
    began.set()
    for _ in range(3000):
        time.sleep(0.01)
        progress(1, 0.5)
    return result


def threads_of_ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "arzip"]


def has_none_left(seconds: float = 1.0) -> bool:
    """Whether all threads end within a second."""
    deadline = time.monotonic() + seconds
    while threads_of_ours() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not threads_of_ours()


def in_the_middle() -> Ordered[int]:
    ordered: Ordered[int] = Ordered(2)
    began = [threading.Event() for _ in range(3)]
    for number, event in enumerate(began):
        ordered.put(slowly, event, number)
    assert began[0].wait(20) and began[1].wait(20)
    return ordered


def test_threads_end_with_their_calls() -> None:
    ordered: Ordered[int] = Ordered(2)
    for number in range(3):
        ordered.put(lambda number, progress: number, number)
    assert [ordered.get() for _ in range(3)] == [0, 1, 2]
    assert has_none_left()


def test_closing_ends_calls_in_the_middle() -> None:
    ordered = in_the_middle()
    ordered.close()
    assert len(ordered) == 0
    assert has_none_left()


def test_a_queue_that_is_forgotten_ends_its_calls() -> None:
    in_the_middle()
    gc.collect()
    assert has_none_left()


def test_progress_is_counted_within_calls() -> None:
    def twice(progress: Progress) -> None:
        progress(30, 1.5)
        progress(12, 2.0)

    for threads in (1, 2):
        ordered: Ordered[None] = Ordered(threads)
        ordered.put(twice)
        ordered.get()
        assert ordered.worked == (42, 3.5)


LEAVING = """
import threading, time
from arzip.streams.workers import Ordered
began = threading.Event()
def slowly(progress):
    began.set()
    for _ in range(3000):
        time.sleep(0.01)
        progress(1, 0.5)
ordered = Ordered(2)
ordered.put(slowly)
began.wait()
"""


def test_the_interpreter_does_not_wait_for_what_nobody_wants() -> None:
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", LEAVING], check=True, timeout=25)
    assert time.monotonic() - start < 15


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_makes_the_calls_itself() -> None:
    """The threads are not in the child, which waited for them for ever."""
    ordered: Ordered[int] = Ordered(2)
    go_on = threading.Event()
    home = os.getpid()

    def call(number: int, progress: Progress) -> int:
        progress(1, 0.5)
        if os.getpid() == home:
            assert go_on.wait(20)
        return number

    for number in range(3):
        ordered.put(call, number)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        ordered.put(call, 3)
        os._exit([ordered.get() for _ in range(4)] != [0, 1, 2, 3])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    go_on.set()
    assert [ordered.get() for _ in range(3)] == [0, 1, 2]


def test_a_thread_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", cannot)
    with pytest.raises(MemoryError, match="can't start"):
        Ordered(2).put(abs, 1)


def two_processes() -> ProcessPoolExecutor:
    """Started anew: to fork a process that has threads is not safe."""
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with two_processes() as pool:
        yield pool


def frame_of(data: bytes, model: Any, **options: Any) -> bytes:
    compressor = ArzipCompressor(model, segment_size=SEGMENT, **options)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize("data", [b"", b"one segment", TEXT])
def test_processes_make_the_same_bytes(processes: ProcessPoolExecutor, data: bytes) -> None:
    for model in (Counts(), arzip.load_model("swift")):
        frame = frame_of(data, model, executor=processes)
        assert frame == frame_of(data, model)
        assert decompress(frame, model=model, executor=processes) == data


def test_files_and_the_package_take_an_executor(tmp_path: Path) -> None:
    path = tmp_path / "data.arz"
    with ThreadPoolExecutor(2) as pool:
        options: Any = {"model": "swift", "executor": pool}
        frame = arzip.compress(TEXT, **options)
        assert frame == arzip.compress(TEXT, model="swift")
        assert arzip.decompress(frame, executor=pool) == TEXT
        assert arzip.evaluate(TEXT, **options) == arzip.evaluate(TEXT, model="swift")
        with arzip.open(path, "wb", segment_size=SEGMENT, **options) as file:
            file.write(TEXT)
        with arzip.open(path, executor=pool) as file:
            assert file.read() == TEXT
        assert pool.submit(abs, -1).result() == 1  # it is not ours to shut down


class Noting(Counts):
    """Notes which processes code with it, as names of files in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        folder.mkdir()
        self._folder = folder

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        (self._folder / str(os.getpid())).touch()
        return super().encode(data)


class Deadly(Counts):
    """Ends the process that it is asked to code in, unless that is the one that made it."""

    def __init__(self) -> None:
        super().__init__()
        self._home = os.getpid()

    def encode(self, data: NDArray[np.uint8]) -> Iterator[Prediction]:
        if os.getpid() != self._home:
            os._exit(1)
        return super().encode(data)

    def decode(self, words: NDArray[np.uint32], n: int) -> Iterator[NDArray[np.uint8]]:
        if os.getpid() != self._home:
            os._exit(1)
        return super().decode(words, n)


def test_a_worker_that_dies_is_one_clear_error(tmp_path: Path) -> None:
    model = Deadly()
    with two_processes() as pool:
        compressor = ArzipCompressor(model, segment_size=SEGMENT, executor=pool)
        with pytest.raises(WorkerError, match="a worker failed or died") as first:
            compressor.compress(TEXT)
        with pytest.raises(WorkerError) as again:  # never the end of a frame that lacks a segment
            compressor.flush()
        assert again.value is first.value
    frame = frame_of(TEXT, model)
    with two_processes() as pool:
        out = []
        decompressor = ArzipDecompressor(model=model, executor=pool)
        with pytest.raises(WorkerError):
            out.append(decompressor.decompress(frame))
        assert out == []


def test_errors_of_arzip_come_back_as_they_are() -> None:
    frame = bytearray(frame_of(TEXT, Counts()))
    frame[len(frame) // 2] ^= 1
    with ThreadPoolExecutor(2) as pool, pytest.raises(arzip.ChecksumError):
        decompress(frame, model=Counts(), executor=pool)


def test_what_cannot_be_sent_is_a_clear_error(processes: ProcessPoolExecutor) -> None:
    class Local(Counts):
        """Not found by its name, so it cannot be pickled."""

    with pytest.raises(WorkerError, match="pickle"):
        frame_of(TEXT, Local(), executor=processes)


def test_an_executor_that_was_shut_down_is_a_clear_error() -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(WorkerError, match="shutdown"):
        frame_of(TEXT, Counts(), executor=pool)


def test_models_that_were_sent_are_made_once() -> None:
    model = arzip.load_model("swift")
    sent = pickle.dumps(model)
    received = pickle.loads(sent)
    assert pickle.loads(sent) is received
    assert received.identity == model.identity
    assert frame_of(TEXT, received) == frame_of(TEXT, model)


def test_several_threads_share_one_compressor_and_one_file(tmp_path: Path) -> None:
    lines = [b"line %d\n" % number for number in range(400)]
    path = tmp_path / "lines.arz"
    start = threading.Barrier(4)

    def write(file: Any, part: list[bytes]) -> None:
        start.wait()
        for line in part:
            file.write(line)

    with arzip.ArzipFile(path, "w", model=Counts(), segment_size=50) as file:
        threads = [
            threading.Thread(target=write, args=(file, lines[number::4])) for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with arzip.ArzipFile(path, model=Counts()) as file:
        assert sorted(file) == sorted(lines)


def test_dask(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs Dask")
    model = arzip.load_model("swift")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        assert workers(executor) == 2
        frame = frame_of(TEXT, model, executor=executor)
        assert frame == frame_of(TEXT, model)
        assert decompress(frame, executor=executor) == TEXT
        frame_of(TEXT, Noting(tmp_path / "coded"), executor=executor)
        coded = {int(path.name) for path in (tmp_path / "coded").iterdir()}
        assert coded == set(client.run(os.getpid).values())
        with pytest.raises(WorkerError, match="a worker failed or died"):
            frame_of(TEXT, Deadly(), executor=client.get_executor(retries=0))
