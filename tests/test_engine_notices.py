"""Word that something is compiled: only where it takes long, and only once."""

import threading

import pytest

from arzip.engine import notices


def test_what_takes_long_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    said = threading.Event()
    monkeypatch.setattr(notices, "PATIENCE", 0.01)
    notices.when_compiling(lambda message: said.set())
    with notices.announced("compiling"):
        assert said.wait(20)


def test_what_does_not_is_not() -> None:
    threads = threading.active_count()
    with notices.announced("compiling"):
        pass
    assert threading.active_count() <= threads + 1


def test_once() -> None:
    lines: list[str] = []
    notices.when_compiling(lines.append)
    for message in ("compiling", "compiling", "compiling again"):
        notices.say(message)
    assert lines == ["compiling", "compiling again"]


def test_without_a_thread_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no memory for one, the work goes on without a word."""

    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", fail)
    with notices.announced("compiling"):
        pass
