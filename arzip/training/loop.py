"""Maximum likelihood: minimise the mean of -log2 p(w_t | w_<t) by truncated backpropagation.

Each step reads the next T bytes of B documents, from the states that the step before left. Inner
matrices, from hidden units to hidden units, are trained by Muon (Jordan et al. 2024: momentum made
orthogonal), all else by AdamW. The learning rates warm up, then fall along a cosine to 1 % at the
end of the budget, a time or a number of bytes. A checkpoint holds all that a run depends on: with a
budget in bytes, a resumed run is identical to an uninterrupted one.
"""

import io
import math
import os
import pickle  # nosec B403
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from arzip.errors import ArzipError
from arzip.system.newfile import NewFile
from arzip.training.data import Corpus, Lanes
from arzip.training.muon import Muon
from arzip.training.networks import Config, Network, State, build
from arzip.training.processes import Processes
from arzip.training.quantise import rounded_forward

__all__ = ["RECIPES", "TUNING", "TUNING_LANES", "Progress", "Recipe", "Trainer", "bits_per_byte"]

WARM_UP = 150  # steps
WARM_UP_SHARE = 0.2  # of the budget, at most
NOT_A_CHECKPOINT = (
    pickle.UnpicklingError,
    RuntimeError,
    OSError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
)
"""The errors of torch.load for any other file, and of looking up its entries."""
CHECKPOINT_MODE = 0o600  # private: a network may know its data by heart
MEAN_STEPS = 100  # steps in the running mean of the states
OUTER = ("embedding", "output")  # parameters between bytes and hidden units
DIVERGED = 12.0  # bits/byte, smoothed; knowing nothing costs 8


@dataclass(frozen=True)
class Recipe:
    """All that a run depends on, except the data and the network."""

    lanes: int = 192
    steps: int = 48  # bytes of each lane between two updates
    rate: float = 2e-2  # AdamW's
    inner_rate: float = 0.06  # Muon's
    decay: float = 0.01
    clip: float = 1.0
    seed: int = 0
    rounded: float = 0.0  # the last share of the budget, with weights as model files hold them
    minutes: float | None = None  # the budget: either of the two
    bytes: int | None = None


RECIPES = {"transformer": Recipe(lanes=16, steps=128, rate=3e-3)}
"""Recipes of architectures that the defaults do not suit."""

TUNING = 0.2
"""The factor of the rates for a network that was trained before."""

TUNING_LANES = 32
"""Its lanes: of little data and time, many small steps make more than a few large ones."""


@dataclass(frozen=True)
class Progress:
    """The state of a run."""

    done: float  # share of the budget, 0 to 1
    bytes: int
    bits_per_byte: float  # the network's alone, over the bytes it reads; smoothed
    bytes_per_second: float
    seconds_left: float


class Trainer:
    """A run: its network, optimiser, data and place in the budget."""

    def __init__(
        self, corpus: Corpus, network: Config | Network, recipe: Recipe, device: str = "cpu"
    ) -> None:
        """`network` is one to train further, or the configuration of a new one."""
        torch.manual_seed(recipe.seed)
        self._processes = Processes(device)
        self.rank, self.device = self._processes.rank, self._processes.device
        self.recipe = recipe
        network = network if isinstance(network, Network) else build(network)
        self.network = network.to(self.device)
        self._model: Any = self.network  # the network as it is called
        self._lanes = Lanes(corpus, recipe.lanes, recipe.seed + self.rank)
        self._data = {"lanes": recipe.lanes, "sources": [int(s[-1]) for s in corpus.starts]}
        self._optimisers = _optimisers(self.network, recipe)
        self._state: State = tuple(part.detach() for part in self.network.start(recipe.lanes))
        self._step = 0
        self._bytes = 0
        self._seconds = 0.0
        self._smoothed = 8.0

    def run(
        self,
        report: Callable[[Progress], None] = lambda progress: None,
        checkpoint: Path | None = None,
        every: float = 120.0,
        unsaved: Callable[[OSError], None] | None = None,
    ) -> None:
        """Train to the end of the budget, with a checkpoint each `every` seconds.

        If a checkpoint cannot be written, `unsaved` is called with the error and training goes on;
        without it, raises OSError. Raises ArzipError if training diverges: the last checkpoint is
        from before.
        """
        begun, read = time.monotonic() - self._seconds, self._bytes
        before = saved = self._seconds
        with self._joined():
            while (done := self._done()) < 1:
                self._update(done)
                self._seconds = time.monotonic() - begun
                speed = (self._bytes - read) / max(self._seconds - before, 1e-9)
                done = min(1.0, self._done())
                left = self._seconds * (1 / done - 1)
                report(Progress(done, self._bytes, self._smoothed, speed, left))
                if checkpoint and self._processes.agreed(self._seconds - saved > every):
                    self._try_to_save(checkpoint, unsaved)
                    saved = self._seconds
        if checkpoint:
            self._try_to_save(checkpoint, unsaved)

    def _try_to_save(self, path: Path, unsaved: Callable[[OSError], None] | None) -> None:
        try:
            self.save(path)
        except OSError as error:
            if unsaved is None:
                raise
            unsaved(error)

    @contextmanager
    def _joined(self) -> Iterator[None]:
        """Average the gradients of several processes within the block.

        The wrapper that does so keeps the group of processes alive, and must be gone at exit.
        """
        self._model = self._processes.averaged(self.network)
        try:
            yield
        finally:
            self._model = self.network

    def _done(self) -> float:
        """Return the share of the budget that is used, the same in all processes."""
        if self.recipe.bytes is not None:
            done = self._bytes / self.recipe.bytes
        else:
            done = self._seconds / (60 * (self.recipe.minutes or 1.0))
        return self._processes.agreed(done)

    def _update(self, done: float) -> None:
        recipe = self.recipe
        rate = min(1.0, max((self._step + 1) / WARM_UP, done / WARM_UP_SHARE))
        rate *= 0.01 + 0.99 * (1 + math.cos(math.pi * min(done, 1.0))) / 2
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * optimiser.defaults["lr"]
        data, counts, new = (
            torch.from_numpy(x).to(self.device) for x in self._lanes.next(recipe.steps)
        )
        start = self.network.start(recipe.lanes)
        state = tuple(
            _begin(old, fresh, new) for old, fresh in zip(self._state, start, strict=True)
        )
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._autocasts()):
            if done < 1 - recipe.rounded:
                logits, state = self._model(data, state)
            else:
                logits, state = rounded_forward(self._model, data, state)
        losses = functional.cross_entropy(
            logits.reshape(-1, 256).float(), data.reshape(-1), reduction="none"
        ).view_as(data)
        counted = torch.arange(recipe.steps, device=self.device)[:, None] < counts
        loss = (losses * counted).sum() / counted.sum()
        self.network.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        bits = loss.item() / math.log(2)
        self._smoothed += (bits - self._smoothed) * max(0.02, 1 / (self._step + 1))
        if not torch.isfinite(norm) or self._smoothed > DIVERGED:
            raise ArzipError(f"training diverged at step {self._step}: {bits:.3g} bits/byte")
        for optimiser in self._optimisers:
            optimiser.step()
        self._state = tuple(part.detach() for part in state)
        share = max(1 / (self._step + 1), 1 / MEAN_STEPS)
        self.network.mean += share * (self._state[0].mean(dim=1) - self.network.mean)
        self._step += 1
        self._bytes += int(counts.sum()) * self._processes.count

    def _autocasts(self) -> bool:
        """Return whether torch chooses the precision; recurrences choose their own."""
        return self.network.config.architecture == "transformer" and self.device.type == "cuda"

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all. All processes must call this."""
        stream = (self._lanes.state(), [part.cpu() for part in self._state])
        streams = self._processes.gathered(stream)
        if self.rank:
            return
        content = {
            "config": asdict(self.network.config),
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
            "data": self._data,
            "streams": streams,
            "counters": (self._step, self._bytes, self._seconds, self._smoothed),
        }
        packed = io.BytesIO()  # so that a full disk raises OSError
        torch.save(content, packed)
        with NewFile(os.fspath(path), replace=True) as new:
            new.file.write(packed.getbuffer())
            new.commit(mode=CHECKPOINT_MODE)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint. Raises OSError, or ValueError if it is not this run's."""
        packed = io.BytesIO(path.read_bytes())
        try:
            content = torch.load(packed, map_location=self.device, weights_only=True)
            config, data, streams = content["config"], content["data"], content["streams"]
        except NOT_A_CHECKPOINT as error:
            raise ValueError(f"{path} is damaged, or not a checkpoint") from error
        if config != asdict(self.network.config):
            raise ValueError(f"{path} is the checkpoint of another network: {config}")
        if data != self._data or len(streams) != self._processes.count:
            raise ValueError(f"{path} was made with other data, --lanes or number of processes")
        if content["network"].keys() != self.network.state_dict().keys():
            raise ValueError(f"{path} was made by another version of arzip: train anew")
        self.network.load_state_dict(content["network"])
        for optimiser, state in zip(self._optimisers, content["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        lanes, state = streams[self.rank]
        self._lanes.restore(lanes)
        self._state = tuple(part.to(self.device) for part in state)
        self._step, self._bytes, self._seconds, self._smoothed = content["counters"]


def _optimisers(network: Network, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Return Muon for the inner matrices, AdamW for the rest. Only matrices decay."""
    inner, matrices, others = [], [], []
    for name, parameter in network.named_parameters():
        if parameter.ndim != 2:
            others.append(parameter)
        elif name.startswith(OUTER):
            matrices.append(parameter)
        else:
            inner.append(parameter)
    groups = [
        {"params": matrices, "weight_decay": recipe.decay},
        {"params": others, "weight_decay": 0.0},
    ]
    muon = Muon(inner, lr=recipe.inner_rate, weight_decay=recipe.decay)
    return [muon, torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.99))]


def _begin(old: Tensor, fresh: Tensor, new: Tensor) -> Tensor:
    """Return the state (L, B, ..), which is `fresh` in lanes with a new document."""
    return torch.where(new.view(-1, *[1] * (old.ndim - 2)), fresh, old)


@torch.no_grad()
def bits_per_byte(network: Network, data: NDArray[np.uint8], lanes: int = 32) -> float:
    """Return the cross-entropy of data that is read in `lanes` pieces, from the start state."""
    device = next(network.parameters()).device
    lanes = max(1, min(lanes, data.size // 512))
    length = data.size // lanes
    if length == 0:
        return math.nan
    pieces = data[: lanes * length].reshape(lanes, length).T.astype(np.int64)  # (T, B)
    state, total = network.start(lanes), 0.0
    for first in range(0, length, network.chunk):
        chunk = torch.from_numpy(pieces[first : first + network.chunk]).to(device)
        logits, state = network(chunk, state)
        total += functional.cross_entropy(
            logits.reshape(-1, 256).float(), chunk.reshape(-1), reduction="sum"
        ).item()
    return total / (lanes * length * math.log(2))
