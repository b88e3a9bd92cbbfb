"""The step of one byte with some of its parts left out, so that each part can be timed.

`walk` is coding.encode again, part by part. With all parts it gives the same code length to the
last bit. `is_faithful` checks this, as else the times would be those of something else.
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import arzip
from arzip import readings
from arzip.engine.compiled import compiled, i64, u64
from arzip.models import coding, registry
from arzip.models.bits import match, mixer, ngram, slots
from arzip.models.bits.odds import ONE
from arzip.models.bits.state import NETWORK as NETWORK_INPUT
from arzip.models.hybrid import HybridModel
from arzip.models.network import output_layer, recurrent
from arzip.models.network.running import RunningNetwork
from arzip.models.network.softmax import node_odds
from arzip.models.predictor import Predictor
from arzip.readings.reading import State

LINES, NGRAM, MATCH, MIXER, NETWORK, LEARNING = (1 << k for k in range(6))
ALL = (1 << 6) - 1

PARTS = {
    "contexts: 19 hashes": 0,
    "table: lines found and put back": LINES,
    "n-gram experts: predict and learn": NGRAM,
    "match expert": MATCH,
    "mixer: predict and learn": MIXER,
    "network: one step": NETWORK,
    "network: its output layer learns": LEARNING,
}
"""In the order in which byte_time.py adds them."""


@compiled
def walk(predictor: Predictor, parts: int) -> float:
    """Code all of the data with these parts alone; return the code length in bits.

    Needs a model with a network. Some parts need others: see Subject.walk.
    """
    state, table, data = predictor.state, predictor.table, predictor.data
    code_length = 0.0
    _look_up(predictor, parts)
    _begin(predictor, predictor.network, parts)
    for _ in range(data.size):
        byte = i64(data[state.position])
        likelihood = 1.0
        for bit in range(8):
            if parts & LINES and bit & 3 == 0:
                slots.find(state, table)
            probability = _predict(state, parts)
            y = (byte >> (7 - bit)) & 1
            likelihood *= (probability if y else ONE - probability) / ONE
            if bit < 7:
                if parts & LINES and bit == 3:
                    slots.locate(state, table, state.partial << 1 | y)
                _update(state, y, parts)
                if parts & LINES and bit == 3:
                    slots.store(state, table)
        code_length -= np.log2(likelihood)
        _close(predictor, byte, parts)
    return code_length


@compiled
def _close(predictor: Predictor, byte: int, parts: int) -> None:
    state = predictor.state
    y = byte & 1
    if parts & MATCH:
        match.learn(state, y)
    readings.observe(state, byte)
    more = state.position < predictor.data.size
    if more and parts & MATCH:
        match.note(state, predictor.data, predictor.positions)
    if parts & MIXER:
        mixer.learn(state, y)
    if more and parts & MATCH:
        match.look(state, predictor.data, predictor.positions)
    if parts & NGRAM:
        ngram.learn(state, y)
    if more:
        _look_up(predictor, parts)
    state.node = state.node << u64(1) | u64(y)
    if parts & LINES:
        slots.store(state, predictor.table)
    if more:
        _begin(predictor, predictor.network, parts)


@compiled
def _look_up(predictor: Predictor, parts: int) -> None:
    state = predictor.state
    if parts & MATCH:
        if state.position == 0:
            match.note(state, predictor.data, predictor.positions)
            match.look(state, predictor.data, predictor.positions)
        match.follow(state, predictor.data, predictor.positions)
    readings.set_contexts(state, predictor.data)
    if parts & LINES:
        slots.locate(state, predictor.table, 1)


@compiled
def _begin(predictor: Predictor, network: RunningNetwork, parts: int) -> None:
    state, data = predictor.state, predictor.data
    layer, activations = network.output_layer, network.activations
    state.partial = 1
    state.bit = 0
    if parts & MIXER:
        mixer.begin_byte(state)
    if parts & NETWORK:
        if state.position > 0:
            last = data[state.position - 1]
            if parts & LEARNING:
                output_layer.learn(layer, activations, last, state.position)
            recurrent.step(network.weights, activations, last)
            if parts & LEARNING:
                output_layer.predict(layer, activations)
        for node in range(512):
            state.trees[0, node] = activations.tree[node]
            state.trees[1, node] = layer.tree[node]


@compiled
def _predict(state: State, parts: int) -> int:
    if parts & NGRAM:
        ngram.predict(state)
    if parts & MATCH:
        match.predict(state)
    if parts & NETWORK:
        for k in range(2):
            state.inputs[NETWORK_INPUT + k] = node_odds(state.trees[k], state.partial)
    return mixer.predict(state) if parts & MIXER else ONE >> 1


@compiled
def _update(state: State, bit: int, parts: int) -> None:
    if parts & MIXER:
        mixer.ask_maps(state, state.partial << 1 | bit)
        mixer.learn(state, bit)
    if parts & NGRAM:
        ngram.learn(state, bit)
    if parts & MATCH:
        match.learn(state, bit)
    state.partial = state.partial << 1 | bit
    state.node = state.node << u64(1) | u64(bit)
    state.bit += 1


class Subject(NamedTuple):
    """The model that is timed, and the data that it codes."""

    model: HybridModel
    data: NDArray[np.uint8]

    def start(self) -> Predictor:
        """Return a predictor before the first byte."""
        return self.model.predictor(self.data.size, readings.TEXT).with_data(self.data)

    def walk(self, predictor: Predictor, parts: int = ALL) -> float:
        """Return the bits of coding with these parts. Raises ValueError if one lacks another."""
        for part, needed in ((NGRAM, LINES), (LEARNING, NETWORK)):
            if parts & part and not parts & needed:
                raise ValueError("n-gram experts need the table, and learning needs the network")
        return walk(predictor, parts)

    def encode(self, predictor: Predictor) -> float:
        """Return the bits of coding itself."""
        left = np.empty(self.data.size, dtype=np.uint32)
        return coding.encode(predictor, left, np.empty_like(left))


def subject(size: int) -> Subject:
    """Return the default model, and the first `size` bytes of arzip's sources by path."""
    folder = Path(arzip.__file__).parent
    text = b"".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))
    model = registry.load()
    if not isinstance(model, HybridModel):
        raise TypeError("the default model is no HybridModel")
    return Subject(model, np.frombuffer(text[:size], dtype=np.uint8).copy())


def is_faithful(about: Subject) -> bool:
    """Return whether `walk` with all parts gives the code length of coding."""
    return about.walk(about.start()) == about.encode(about.start())


def seconds(about: Subject, parts: int | None, repeats: int) -> float:
    """Return the shortest time of the repeats; of coding.encode itself if `parts` is None."""
    spent = []
    for _ in range(repeats):
        predictor = about.start()
        start = time.perf_counter()
        if parts is None:
            about.encode(predictor)
        else:
            about.walk(predictor, parts)
        spent.append(time.perf_counter() - start)
    return min(spent)
