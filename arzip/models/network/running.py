"""A network at work: its weights, its activations, and the output layer that goes on learning."""

import copy
from typing import NamedTuple

from arzip.engine.compiled import compiled
from arzip.models.network import output_layer
from arzip.models.network.networks import Activations, Network, Weights, step
from arzip.models.network.output_layer import OutputLayer

__all__ = ["RunningNetwork", "fork", "memory_needed", "observe", "start"]


class RunningNetwork(NamedTuple):
    """What predicts from the bytes that it has seen."""

    weights: Weights
    activations: Activations
    output_layer: OutputLayer


def start(network: Network) -> RunningNetwork:
    """Return a network before the first byte."""
    activations = network.start()
    layer = output_layer.blank(activations.vector.size)
    output_layer.predict(layer, activations)
    return RunningNetwork(network.weights, activations, layer)


def fork(network: RunningNetwork) -> RunningNetwork:
    """Return a second one that goes on from here by itself."""
    activations, layer = copy.deepcopy(network[1:])
    return RunningNetwork(network.weights, activations, layer)


def memory_needed(network: Network) -> int:
    """Return the bytes that one takes at work, beside its weights."""
    activations = network.blank()
    layer = output_layer.blank(activations.vector.size)
    return sum(array.nbytes for array in (*activations, *layer))


@compiled
def observe(network: RunningNetwork, byte: int, position: int) -> None:
    """Take a byte: learn from it, and predict the next one. `position` is how many there were."""
    output_layer.learn(network.output_layer, network.activations, byte, position)
    step(network.weights, network.activations, byte)
    output_layer.predict(network.output_layer, network.activations)
