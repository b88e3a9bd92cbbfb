"""The networks: byte-level autoregressive models with one interface.

    logits, state = network(bytes, state)          p(w_t | w_<t) = Softmax(W h_{t-1} + b)

`bytes` is (T, B); logits[t] (T, B, 256) predicts bytes[t] from `state` and bytes[:t]; the state
goes on to the next chunk of the same documents. `start(B)` is the learned state before a document.
Recurrences multiply in bfloat16 (with AMX or CUDA that is many times faster) and keep all else in
float32. arzip/models/neural.py computes GRU and LSTM in integers.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Config", "Network", "Recurrent", "Transformer", "build"]

State = tuple[Tensor, ...]
GATES = {"gru": 3, "lstm": 4}


@dataclass(frozen=True)
class Config:
    """All that a network's shape depends on."""

    architecture: str = "gru"
    hidden: int = 352
    layers: int = 1
    heads: int = 4  # of a Transformer
    window: int = 256  # bytes that a Transformer looks back


class Network(nn.Module):
    """What the three have in common: a state that begins documents, and the output layer."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.chunk = 128
        """A good number of bytes to read at a time; a Transformer takes no more than that."""
        self.output = nn.Linear(config.hidden, 256)

    def start(self, lanes: int) -> State:
        """The state before the first byte of a document."""
        raise NotImplementedError

    def forward(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        """See the module's docstring."""
        raise NotImplementedError


def build(config: Config) -> Network:
    """The network of this configuration. Raises ValueError for an unknown architecture."""
    if config.architecture in GATES:
        return Recurrent(config)
    if config.architecture == "transformer":
        return Transformer(config)
    raise ValueError(f"unknown architecture {config.architecture!r}: gru, lstm or transformer")


class Recurrent(Network):
    """GRU or LSTM. Gates as in torch.nn: r, z, n or i, f, g, o."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        size, rows = config.hidden, GATES[config.architecture] * config.hidden
        self.embedding = nn.Parameter(
            0.1 * torch.randn(256, rows)
        )  # the bytes' share, bias included
        self.above = nn.ModuleList(nn.Linear(size, rows) for _ in range(config.layers - 1))
        self.recurrent = nn.ParameterList(
            torch.cat([nn.init.orthogonal_(torch.empty(size, size)) for _ in range(rows // size)])
            for _ in range(config.layers)
        )
        self.bias = nn.ParameterList(torch.zeros(rows) for _ in range(config.layers))
        self.begin = nn.Parameter(torch.zeros(2, config.layers, size))
        with torch.no_grad():  # remember, at first: the update gate, or the forget gate
            self.embedding[:, size : 2 * size] += 1.0

    def linear_above(self, layer: int) -> nn.Linear:
        """What takes this layer's states to the gates of the next."""
        linear = self.above[layer]
        assert isinstance(linear, nn.Linear)
        return linear

    def start(self, lanes: int) -> State:
        hidden = torch.tanh(self.begin[0])[:, None].expand(-1, lanes, -1)  # (L, B, H)
        if self.config.architecture == "gru":
            return (hidden,)
        return hidden, self.begin[1][:, None].expand(-1, lanes, -1)

    def forward(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        outputs = inputs = functional.embedding(data, self.embedding)  # (T, B, G * H)
        last: list[State] = []
        for k in range(self.config.layers):
            if k:
                inputs = self.linear_above(k - 1)(outputs)
            before = tuple(part[k] for part in state)  # (B, H) each
            if self.config.architecture == "gru":
                bias = self.bias[k][-self.config.hidden :]
                outputs = _gru(inputs, before[0], self.recurrent[k], bias)
                last.append((outputs[-1],))
            else:
                outputs, after = _lstm(inputs, before, self.recurrent[k], self.bias[k])
                last.append(after)
        hidden = torch.cat([state[0][-1:], outputs[:-1]])  # before each byte
        return self.output(hidden), tuple(torch.stack(parts) for parts in zip(*last, strict=True))


class GRUSequence(torch.autograd.Function):
    """A GRU's states over T steps, with the backward pass written out: products in bfloat16, that
    for the recurrent matrix's gradient only once for all steps.

    r, z = sigmoid(x + y);  n = tanh(x_n + r * (y_n + b));  h' = n + z * (h - n)  for y = U h
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, hidden: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
        steps, lanes, size = len(inputs), *hidden.shape
        transposed = matrix.bfloat16().t().contiguous()  # (H, 3H)
        states = inputs.new_empty(steps + 1, lanes, size)
        kept = inputs.new_empty(steps, lanes, 4 * size, dtype=torch.bfloat16)  # r, z, n, y_n + b
        states[0] = hidden
        for t in range(steps):
            sums = torch.mm(hidden.bfloat16(), transposed).float()
            gates = torch.sigmoid_(inputs[t, :, : 2 * size] + sums[:, : 2 * size])
            own = sums[:, 2 * size :] + bias
            # tanh by sigmoid, which torch computes much faster
            new = torch.addcmul(inputs[t, :, 2 * size :], gates[:, :size], own).mul_(2)
            new = new.sigmoid_().mul_(2).sub_(1)
            hidden = torch.lerp(new, hidden, gates[:, size:])
            states[t + 1] = hidden
            kept[t, :, : 2 * size], kept[t, :, 2 * size : 3 * size] = gates, new
            kept[t, :, 3 * size :] = own
        ctx.save_for_backward(states, kept, matrix)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        states, kept, matrix = ctx.saved_tensors
        steps, lanes, size = len(kept), states.shape[1], states.shape[2]
        weights = matrix.bfloat16()
        inputs = states.new_empty(steps, lanes, 3 * size)
        sums = torch.empty_like(inputs, dtype=torch.bfloat16)
        hidden = torch.zeros_like(states[0])
        for t in range(steps - 1, -1, -1):
            hidden = hidden + gradients[0][t]
            reset, update, new, own = kept[t].float().chunk(4, dim=1)
            d_update = hidden * (states[t] - new) * update * (1 - update)
            d_new = hidden * (1 - update) * (1 - new * new)
            d_reset = d_new * own * reset * (1 - reset)
            inputs[t] = torch.cat([d_reset, d_update, d_new], dim=1)
            sums[t] = torch.cat([d_reset, d_update, d_new * reset], dim=1)
            hidden = torch.addcmul(torch.mm(sums[t], weights).float(), hidden, update)
        flat = sums.view(-1, 3 * size)
        d_matrix = torch.mm(flat.t(), states[:-1].bfloat16().view(-1, size)).float()
        return inputs, hidden, d_matrix, flat[:, 2 * size :].float().sum(0)


def _gru(inputs: Tensor, hidden: Tensor, matrix: Tensor, bias: Tensor) -> Tensor:
    """The states (T, B, H) after each step."""
    states: Tensor = GRUSequence.apply(inputs, hidden, matrix, bias)  # type: ignore[no-untyped-call]
    return states


def _lstm(
    inputs: Tensor, before: State, matrix: Tensor, bias: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """i, f, o = sigmoid; g = tanh;  c' = f c + i g;  h' = o tanh(c')"""
    hidden, cell = before
    transposed = matrix.bfloat16().t()
    states = []
    for t in range(len(inputs)):
        sums = inputs[t] + torch.mm(hidden.bfloat16(), transposed).float() + bias
        enter, forget, new, output = sums.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        cell = cell.clamp(-16, 16)
        hidden = torch.sigmoid(output) * torch.tanh(cell)
        states.append(hidden)
    return torch.stack(states), (hidden, cell)


class Transformer(Network):
    """A causal Transformer. Its state is the bytes that it still sees, up to `window` of them."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        size = config.hidden
        self.embedding = nn.Embedding(257, size)  # 256 begins a document
        self.places = nn.Parameter(0.02 * torch.randn(2 * config.window, size))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                size, config.heads, 4 * size, dropout=0.0, norm_first=True, batch_first=True
            )
            for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(size)
        self.chunk = config.window

    def start(self, lanes: int) -> State:
        device = self.places.device
        return (torch.full((1, lanes), 256, dtype=torch.long, device=device),)

    def forward(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        window = self.config.window
        known = torch.cat([state[0], data])  # (S + T, B)
        seen = known[:-1]  # what comes before each byte of data
        if len(data) > window:
            raise ValueError(f"a Transformer with this window reads {window} bytes at a time")
        # The last byte sees all of the chunk, the first one the window.
        size = min(len(seen), len(data) + window - 1)
        hidden = self.embedding(seen[-size:].t()) + self.places[:size]  # (B, S, H)
        mask = nn.Transformer.generate_square_subsequent_mask(size, device=hidden.device)
        for block in self.blocks:
            hidden = block(hidden, src_mask=mask, is_causal=True)
        logits = self.output(self.norm(hidden[:, -len(data) :]))  # (B, T, 256)
        return logits.transpose(0, 1), (known[-window:],)
