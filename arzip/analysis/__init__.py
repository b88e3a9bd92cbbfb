"""Other uses of the models, on data in memory. Each function is the twin of a shell command.

    evaluate        arzip eval              the parts of the code length
    score           arzip score             bits per byte under each model
    score_lines     arzip score --lines     the odd lines
    inspect         arzip inspect           the surprisal of every byte, as a page
    sample          arzip sample            a text that the model writes

All but `evaluate` take text as well as bytes, as UTF-8. `lines`, `inspection` and `sampling` do the
last three.
"""

import io
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from arzip.arguments import text_bytes, whole
from arzip.density import Report
from arzip.levels import choose
from arzip.streams.compressor import compressed
from arzip.streams.policy import ModelLike

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from arzip.analysis.lines import Line

__all__ = ["evaluate", "inspect", "sample", "score", "score_lines"]


def evaluate(
    data: "ReadableBuffer",
    level: int | None = None,
    *,
    model: ModelLike | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    unpack: bool = True,
    itemsize: int | None = None,
    shape: Sequence[int] | None = None,
) -> Report:
    """Compress `data`; return a report of the parts of its code length.

    Arguments and errors are those of `compress`.
    """
    _, compressor = compressed(
        data,
        level,
        model=model,
        threads=threads,
        executor=executor,
        unpack=unpack,
        itemsize=itemsize,
        shape=shape,
    )
    return compressor.account.report(compressor.model.name)


def score(
    data: "str | ReadableBuffer",
    *candidates: ModelLike,
    threads: int | None = None,
    executor: Executor | None = None,
) -> dict[str, float]:
    """Return the cross-entropy of `data` under each candidate, by its name, in bits per byte.

    Candidates are names, paths of model files or loaded models, by default the built-in ones. The
    one with the least explains the data best. Raises ModelError as `compress` does.
    """
    from arzip.models.registry import names

    content = text_bytes("data", data)
    return {
        _name(model): evaluate(
            content, model=model, threads=threads, executor=executor
        ).cross_entropy
        for model in candidates or names()
    }


def _name(model: ModelLike) -> str:
    """Return the name or path that was given, or the model's own name."""
    return os.fspath(model) if isinstance(model, str | os.PathLike) else choose(model).name


def score_lines(
    data: "str | ReadableBuffer", *, model: ModelLike | None = None, level: int | None = None
) -> "list[Line]":
    """Return the lines of `data`, odd ones first: those that the lines around them explain least.

    Each has a `number`, from 1, its `text` in bytes, its `size`, and its surprisal in `bits` and
    `bits_per_byte`. Takes four times as long as compressing. Raises ModelError as `compress` does.
    """
    from arzip.analysis import lines

    return lines.score_lines(choose(model, level), text_bytes("data", data))


def inspect(
    data: "str | ReadableBuffer",
    *,
    model: ModelLike | None = None,
    level: int | None = None,
    name: str = "data",
    most: int | None = None,
) -> str:
    """Return an HTML page, complete in itself, that shows how well the model predicts each byte.

    `name` is its title. Of more than `most` bytes, by default 1 MiB, it shows excerpts of that size
    together. Raises ValueError if there is no byte, ModelError as `compress` does.
    """
    from arzip.analysis import inspection

    if not isinstance(name, str):
        raise TypeError(f"name must be str, not {type(name).__name__}")
    content = text_bytes("data", data)
    most = inspection.MOST if most is None else whole("most", most, 1)
    if not content:
        raise ValueError("data is empty: there must be 1 byte or more")
    excerpts = inspection.read_sample(io.BytesIO(content), most)
    chosen = choose(model, level)
    return inspection.page(inspection.inspect(chosen, name, excerpts, lambda done: None))


def sample(
    model: ModelLike | None = None,
    prompt: "str | ReadableBuffer" = b"",
    n: int = 100,
    *,
    level: int | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    greedy: bool = False,
    beam: int | None = None,
) -> bytes:
    """Return n bytes that the model expects after `prompt`, drawn at random. Same seed, same bytes.

    `temperature` > 0 sharpens (below 1) or flattens the distribution. `top_k` draws only from the
    likeliest bytes, `top_p` only from the fewest whose probabilities sum to it. `greedy` takes the
    likeliest byte each time. `beam` is a number of hypotheses, in a search for the likeliest n
    bytes. Raises ValueError for an argument out of range, ModelError as `compress` does.
    """
    from arzip.analysis import sampling

    how = sampling.Sampling(temperature, top_k, top_p, seed, greedy=greedy, beam=beam)
    given = text_bytes("prompt", prompt)
    return b"".join(sampling.generate(choose(model, level), given, n, how))
