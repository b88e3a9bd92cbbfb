"""What the models make of data in memory, beside compressing it; each shell command's twin.

    evaluate        arzip eval              what the code length is made of
    score           arzip score             bits per byte under each model
    score_lines     arzip score --lines     the odd lines
    inspect         arzip inspect           the surprisal of every byte, as a page
    sample          arzip sample            what the model would write

What only reads data takes text as well, as UTF-8.
"""

import io
import os
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from arzip.arguments import text_bytes, whole
from arzip.density import Report
from arzip.levels import choose
from arzip.streams.compressor import ArzipCompressor
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
) -> Report:
    """Compress `data` and say what its code length is made of.

    The arguments are those of `compress`, and so are the errors.
    """
    compressor = ArzipCompressor(model, level=level, threads=threads, executor=executor)
    compressor.compress(data)
    compressor.flush()
    return compressor.account.report(compressor.model.name)


def score(
    data: "str | ReadableBuffer",
    *candidates: ModelLike,
    threads: int | None = None,
    executor: Executor | None = None,
) -> dict[str, float]:
    """The cross-entropy of `data` under each candidate, by its name, in bits per byte.

    Candidates are names, paths of model files or loaded models; by default all that arzip has. The
    one with the least explains the data best. Raises ModelError as `compress`.
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
    """What it was called by, or calls itself."""
    return os.fspath(model) if isinstance(model, str | os.PathLike) else choose(model).name


def score_lines(
    data: "str | ReadableBuffer", *, model: ModelLike | None = None, level: int | None = None
) -> "list[Line]":
    """The lines of `data`, those first that the lines around them explain least: the odd ones.

    Each has a `number`, from 1, its `text` in bytes, its `size`, and its surprisal in `bits` and
    `bits_per_byte`. Takes four times as long as compressing. Raises ModelError as `compress`.
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
    """A page of HTML, complete in itself, that shows how well the model predicts every byte.

    `name` is its title; of more than `most` bytes, by default 1 MiB, it shows excerpts of that size
    together. Raises ValueError if there is no byte, ModelError as `compress`.
    """
    from arzip.analysis import inspection

    if not isinstance(name, str):
        raise TypeError(f"name must be str, not {type(name).__name__}")
    content = text_bytes("data", data)
    most = inspection.MOST if most is None else whole("most", most, 1)
    if not content:
        raise ValueError("data is empty: there must be 1 byte or more")
    looked_at = inspection.read_sample(io.BytesIO(content), most)
    chosen = choose(model, level)
    return inspection.page(inspection.inspect(chosen, name, looked_at, lambda done: None))


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
    """n bytes that the model expects after `prompt`, drawn at random: same seed, same bytes.

    `temperature` > 0 sharpens (below 1) or flattens the distribution; only the `top_k` likeliest
    bytes are drawn, and only the fewest whose probabilities sum to `top_p`. `greedy` takes the
    likeliest byte each time; `beam` searches for the likeliest bytes together, that many
    hypotheses at a time. Raises ValueError for what is out of its range, ModelError as `compress`.
    """
    from arzip.analysis import sampling

    how = sampling.Sampling(temperature, top_k, top_p, seed, greedy=greedy, beam=beam)
    given = text_bytes("prompt", prompt)
    return b"".join(sampling.generate(choose(model, level), given, n, how))
