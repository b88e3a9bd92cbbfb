"""The networks in torch: autoregressive models of bytes, with one interface.

    logits, state = network(bytes, state)          p(w_t | w_<t) = Softmax(W h_{t-1} + b)

`bytes` is (T, B), logits (T, B, 256): logits[t] predicts bytes[t] from `state` and bytes[:t]. The
state that is returned goes with the next chunk of the same documents; `start(B)` is the learned
state before a document. Recurrences multiply in bfloat16 where that is much faster (AMX, CUDA), and
do the rest in float32. arzip/models/network/ computes the same in integers.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from arzip.models.network import recurrent
from arzip.models.network import transformer as exact
from arzip.training.muon import product_type

__all__ = [
    "GATES",
    "Config",
    "GRUSequence",
    "Network",
    "Recurrent",
    "State",
    "Transformer",
    "build",
    "cut",
]

State = tuple[Tensor, ...]
"""All that a network remembers of each lane."""

GATES = {"gru": 3, "lstm": 4}
RESIDUAL = exact.LARGEST_RESIDUAL / (1 << 12)
RECTIFIED = exact.LARGEST_RECTIFIED / (1 << 11)
EPSILON = exact.EPSILON / (1 << 32)


@dataclass(frozen=True)
class Config:
    """The shape of a network."""

    architecture: str = "gru"
    hidden: int = 352
    layers: int = 1
    rank: int = 0  # numbers that a projection leaves of a recurrent state; 0: no projection
    outputs: int = 0  # units that a recurrent network's logits read; 0: all
    heads: int = 4  # of a Transformer
    window: int = 256  # bytes that a Transformer looks back


class Network(nn.Module):
    """The part that all networks share: a start state, and the output layer."""

    def __init__(self, config: Config, states: int = 1) -> None:
        """`states` is the number of hidden states with a mean: one a layer, or the last alone."""
        super().__init__()
        self.config = config
        self.chunk = 128
        """Bytes to read at a time, for speed."""
        self.outputs = config.outputs or config.hidden
        self.output = nn.Linear(self.outputs, 256)
        self.mean: Tensor
        self.register_buffer("mean", torch.zeros(states, config.hidden))
        """Mean hidden states during training: Trainer keeps them, quantise.py needs them."""

    def start(self, lanes: int) -> State:
        """Return the state before the first byte of a document, the same for each lane."""
        raise NotImplementedError

    def forward(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        """Return logits (T, B, 256) for bytes (T, B), and the state after them."""
        raise NotImplementedError

    def products(self) -> dict[str, tuple[str, Tensor]]:
        """Return, for each matrix that multiplies hidden states, its bias's name and their mean."""
        return {"output.weight": ("output.bias", self.mean[-1, : self.outputs])}


def build(config: Config) -> Network:
    """Return an untrained network. Raises ValueError for an impossible configuration."""
    if config.architecture in GATES:
        if config.rank > recurrent.MOST_RANK or config.outputs > config.hidden:
            raise ValueError(
                f"a projection leaves at most {recurrent.MOST_RANK} numbers, not {config.rank}, "
                f"and of {config.hidden} units at most all are read, not {config.outputs}"
            )
        return Recurrent(config)
    if config.architecture == "transformer":
        if config.rank or config.outputs:
            raise ValueError("a transformer has no projection of its state, and reads all of it")
        return Transformer(config)
    raise ValueError(f"unknown architecture {config.architecture!r}: gru, lstm or transformer")


class Recurrent(Network):
    """GRU or LSTM. Gates as in torch.nn: r, z, n or i, f, g, o.

    With a projection P, a layer's recurrent matrix is U P: see models/network/recurrent.py.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config, config.layers)
        size, rows = config.hidden, GATES[config.architecture] * config.hidden
        rank, layers = config.rank, range(config.layers)
        # The input matrix of layer 0, its bias included: a row for each byte.
        self.embedding = nn.Parameter(0.1 * torch.randn(256, rows))
        self.above = nn.ModuleList(nn.Linear(size, rows) for _ in layers[1:])
        self.project = nn.ParameterList(_orthogonal(rank, size) for _ in layers if rank)
        self.projected_bias = nn.ParameterList(torch.zeros(rank) for _ in layers if rank)
        self.recurrent = nn.ParameterList(
            torch.cat([_orthogonal(size, rank or size) for _ in range(rows // size)])
            for _ in layers
        )
        self.bias = nn.ParameterList(torch.zeros(rows) for _ in layers)
        self.begin = nn.Parameter(torch.zeros(2, config.layers, size))
        with torch.no_grad():  # the update or forget gate, so that states last at first
            self.embedding[:, size : 2 * size] += 1.0

    def linear_above(self, layer: int) -> nn.Linear:
        """Return the map from this layer's states to the next layer's gates."""
        linear = self.above[layer]
        assert isinstance(linear, nn.Linear)
        return linear

    def start(self, lanes: int) -> State:
        hidden = torch.tanh(self.begin[0])[:, None].expand(-1, lanes, -1)  # (L, B, H)
        if self.config.architecture == "gru":
            return (hidden,)
        return hidden, self.begin[1][:, None].expand(-1, lanes, -1)

    def products(self) -> dict[str, tuple[str, Tensor]]:
        result = super().products()
        for k, mean in enumerate(self.mean):
            own = mean
            if self.config.rank:
                result[f"project.{k}"] = (f"projected_bias.{k}", mean)
                own = self.project[k].detach() @ mean + self.projected_bias[k].detach()
            result[f"recurrent.{k}"] = (f"bias.{k}", own)
            if k + 1 < self.config.layers:
                result[f"above.{k}.weight"] = (f"above.{k}.bias", mean)
        return result

    def forward(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        if data.is_cuda and self.config.architecture == "gru":
            return self.by_cudnn(data, state)
        outputs = inputs = functional.embedding(data, self.embedding)  # (T, B, G * H)
        last: list[State] = []
        for k in range(self.config.layers):
            if k:
                inputs = self.linear_above(k - 1)(outputs)
            before = tuple(part[k] for part in state)  # (B, H) each
            matrix, bias, project = self._recurrence(k)
            if self.config.architecture == "gru":
                outputs = _gru(inputs, before[0], matrix, bias, project)
                last.append((outputs[-1],))
            else:
                outputs, after = _lstm(inputs, before, matrix, bias, project)
                last.append(after)
        logits = self._logits(state[0], outputs)
        return logits, tuple(torch.stack(parts) for parts in zip(*last, strict=True))

    def by_cudnn(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        """Return what `forward` does, for a GRU by torch's own, all steps of which are one call."""
        outputs, weights = functional.one_hot(data, 256).float(), self.embedding.t()
        below = torch.zeros_like(self.bias[0])
        last = []
        for k in range(self.config.layers):
            if k:
                weights, below = self.linear_above(k - 1).weight, self.linear_above(k - 1).bias
            matrix, bias, project = self._recurrence(k)
            if project is not None:
                matrix = matrix @ project
            tensors = [weights, matrix, below, bias]
            outputs, after = torch._VF.gru(
                outputs, state[0][k : k + 1].contiguous(), tensors, True, 1, 0.0, True, False, False
            )
            last.append(after)
        return self._logits(state[0], outputs), (torch.cat(last),)

    def _recurrence(self, layer: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return U, the bias of all that it adds, and P if there is one."""
        matrix, bias = self.recurrent[layer], self.bias[layer]
        if not self.config.rank:
            return matrix, bias, None
        return matrix, bias + self.projected_bias[layer] @ matrix.t(), self.project[layer]

    def _logits(self, state: Tensor, outputs: Tensor) -> Tensor:
        """Return the logits of each byte, from the states before it."""
        hidden = torch.cat([state[-1:], outputs[:-1]])
        logits: Tensor = self.output(hidden[:, :, : self.outputs])
        return logits


def _orthogonal(rows: int, columns: int) -> Tensor:
    return nn.init.orthogonal_(torch.empty(rows, columns))


class GRUSequence(torch.autograd.Function):
    """A GRU's states over T steps.

        y = U p + b, p = P h or h;  r, z = sigmoid(x + y);  n = tanh(x_n + r * y_n)
        h' = n + z * (h - n)

    The backward pass is written out, so that one product for all steps gives a matrix's gradient.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        hidden: Tensor,
        matrix: Tensor,
        bias: Tensor,
        project: Tensor | None = None,
    ) -> Tensor:
        steps, lanes, size = len(inputs), *hidden.shape
        kind = product_type(inputs.device)
        transposed = matrix.to(kind).t().contiguous()  # (H or R, 3H)
        down = None if project is None else project.to(kind).t().contiguous()  # (H, R)
        states = inputs.new_empty(steps + 1, lanes, size)
        reads = inputs.new_empty(steps, lanes, matrix.shape[1], dtype=kind)
        kept = inputs.new_empty(steps, lanes, 4 * size, dtype=kind)  # r, z, n, y_n
        states[0] = hidden
        for t in range(steps):
            if down is None:
                reads[t] = states[t]
            else:
                torch.mm(states[t].to(kind), down, out=reads[t])
            sums = torch.mm(reads[t], transposed).float().add_(bias)
            _gru_step(inputs[t], sums, states[t], states[t + 1], kept[t])
        ctx.save_for_backward(states, reads, kept, matrix, project)
        return states[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        states, reads, kept, matrix, project = ctx.saved_tensors
        steps, lanes, size = len(kept), states.shape[1], states.shape[2]
        weights = matrix.to(kept.dtype)
        up = None if project is None else project.to(kept.dtype)
        inputs = states.new_empty(steps, lanes, 3 * size)
        sums = torch.empty_like(inputs, dtype=kept.dtype)
        d_reads = torch.empty_like(reads)
        hidden = torch.zeros_like(states[0])
        for t in range(steps - 1, -1, -1):
            hidden += gradients[0][t]
            hidden = _gru_back(hidden, states[t], kept[t], inputs[t], sums[t])
            torch.mm(sums[t], weights, out=d_reads[t])
            hidden += d_reads[t] if up is None else torch.mm(d_reads[t], up)
        flat = sums.view(-1, 3 * size)
        d_matrix = torch.mm(flat.t(), reads.view(-1, matrix.shape[1])).float()
        d_project = None
        if up is not None:
            before = states[:-1].to(kept.dtype).view(-1, size)
            d_project = torch.mm(d_reads.view(-1, matrix.shape[1]).t(), before).float()
        return inputs, hidden, d_matrix, flat.float().sum(0), d_project


def _gru_step(inputs: Tensor, sums: Tensor, hidden: Tensor, after: Tensor, kept: Tensor) -> None:
    """Put the state after inputs x and sums y into `after`, and r, z, n and y_n into `kept`."""
    size = hidden.shape[1]
    gates = sums[:, : 2 * size].add_(inputs[:, : 2 * size]).sigmoid_()
    own = sums[:, 2 * size :]
    # tanh by sigmoid, which torch computes much faster.
    new = torch.addcmul(inputs[:, 2 * size :], gates[:, :size], own).mul_(2)
    new = new.sigmoid_().mul_(2).sub_(1)
    torch.lerp(new, hidden, gates[:, size:], out=after)
    torch.cat([gates, new, own], dim=1, out=kept)


def _gru_back(
    gradient: Tensor, hidden: Tensor, kept: Tensor, inputs: Tensor, sums: Tensor
) -> Tensor:
    """Return the gradient of `hidden` apart from y, given that of the next state.

    Put those of x and y into `inputs` and `sums`.
    """
    reset, update, new, own = kept.float().chunk(4, dim=1)
    rest = (1 - update).mul_(gradient)
    d_new = torch.addcmul(rest, rest, new * new, value=-1)
    d_update = (hidden - new).mul_(rest).mul_(update)
    d_own = d_new * reset
    d_reset = (1 - reset).mul_(d_own).mul_(own)
    torch.cat([d_reset, d_update, d_new], dim=1, out=inputs)
    torch.cat([d_reset, d_update, d_own], dim=1, out=sums)
    return gradient * update


def _gru(
    inputs: Tensor, hidden: Tensor, matrix: Tensor, bias: Tensor, project: Tensor | None
) -> Tensor:
    """Return the states (T, B, H) after each step."""
    states: Tensor = GRUSequence.apply(inputs, hidden, matrix, bias, project)  # type: ignore[no-untyped-call]
    return states


def _lstm(
    inputs: Tensor, before: State, matrix: Tensor, bias: Tensor, project: Tensor | None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Return the states (T, B, H) after each step, and the last states h and c.

    i, f, o = sigmoid(x + y);  g = tanh(x_g + y_g);  c' = f c + i g;  h' = o tanh(c')
    """
    hidden, cell = before
    kind = product_type(inputs.device)
    transposed = matrix.to(kind).t()
    states = []
    for t in range(len(inputs)):
        read = hidden.to(kind)
        if project is not None:
            read = torch.mm(read, project.to(kind).t())
        sums = inputs[t] + torch.mm(read, transposed).float() + bias
        enter, forget, new, output = sums.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(enter) * torch.tanh(new)
        cell = cell.clamp(-16, 16)
        hidden = torch.sigmoid(output) * torch.tanh(cell)
        states.append(hidden)
    return torch.stack(states), (hidden, cell)


class Transformer(Network):
    """A causal Transformer with a window: models/network/transformer.py has its equations.

    Its state is h, and each layer's keys and values of the last W - 1 bytes. At first all of these
    are a learned key and value, as if blanks preceded the document. Gradients end with the chunk.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        size, heads, layers = config.hidden, config.heads, config.layers
        if size > exact.MOST_UNITS or size % (2 * heads):
            raise ValueError(
                f"a transformer of {heads} heads has a multiple of {2 * heads} units, "
                f"at most {exact.MOST_UNITS}, not {size}"
            )
        if not 1 <= config.window <= exact.MOST_WINDOW:
            raise ValueError(f"a transformer's window is 1 to {exact.MOST_WINDOW} bytes")
        self.embedding = nn.Parameter(torch.randn(256, size))
        self.blocks = nn.ModuleList(Block(config) for _ in range(layers))
        slopes = torch.tensor([2.0 ** (-8 * (head + 1) / heads) for head in range(heads)])
        ages = -slopes[:, None] * torch.arange(config.window)
        self.ages = nn.Parameter(ages.repeat(layers, 1, 1))  # (L, heads, W)
        self.begin = nn.Parameter(torch.zeros(size))
        self.ring = nn.Parameter(torch.zeros(2, layers, size))

    def block(self, layer: int) -> "Block":
        block = self.blocks[layer]
        assert isinstance(block, Block)
        return block

    def start(self, lanes: int) -> State:
        hidden = torch.tanh(self.begin).expand(1, lanes, -1)
        ring = cut(self.ring)[:, :, None, None]
        keys, values = ring.expand(-1, -1, lanes, self.config.window - 1, -1)
        return hidden, keys, values  # (1, B, D), (L, B, W - 1, D) twice

    def forward(self, data: Tensor, state: State) -> tuple[Tensor, State]:
        before, steps = self.config.window - 1, len(data)
        places = torch.arange(before + steps, device=data.device)
        age = places[before:, None] - places  # (T, W - 1 + T), of each key to each query
        unseen = (age < 0) | (age > before)
        x = functional.embedding(data.t(), cut(self.embedding))  # (B, T, D)
        kept = []
        for layer in range(self.config.layers):
            bias = self.ages[layer][:, age.clamp(0, before)].masked_fill(unseen, -math.inf)
            x, *ring = self.block(layer)(x, state[1][layer], state[2][layer], bias)
            kept.append([part[:, steps:].float() for part in ring])
        after = torch.tanh(norm(x)).transpose(0, 1)  # (T, B, D)
        hidden = torch.cat([state[0], after])
        keys, values = (torch.stack(parts) for parts in zip(*kept, strict=True))
        return self.output(hidden[:-1]), (hidden[-1:], keys, values)


class Block(nn.Module):
    """A layer without biases: x += J attention(A norm(x)); x += C min(relu(U norm(x)), 4)^2."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        size, wide, self.heads = config.hidden, exact.WIDENING * config.hidden, config.heads
        self.attend = nn.Linear(size, 3 * size, bias=False)
        self.join = nn.Linear(size, size, bias=False)
        self.expand = nn.Linear(size, wide, bias=False)
        self.contract = nn.Linear(wide, size, bias=False)
        quiet = (2 * config.layers) ** -0.5  # keeps the size of x through all layers
        gains = {self.attend: 1.0, self.join: quiet, self.expand: 1.0, self.contract: quiet}
        for linear, gain in gains.items():
            nn.init.normal_(linear.weight, std=gain * linear.in_features**-0.5)
        with torch.no_grad():  # scores q . k / 4 of variance 1
            self.attend.weight[:size] *= 4 * (size // config.heads) ** -0.5

    def forward(
        self, x: Tensor, keys: Tensor, values: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return x (B, T, D), and keys and values: those before it (B, W - 1, D) and its own."""
        query, key, value = cut(self.attend(norm(x))).chunk(3, dim=2)
        keys, values = torch.cat([keys, key], dim=1), torch.cat([values, value], dim=1)
        query, key, value = (
            part.view(*part.shape[:2], self.heads, -1).transpose(1, 2)
            for part in (query, keys, values)
        )  # (B, heads, .., D / heads)
        attended = torch.softmax(query @ key.mT / 4 + bias, dim=3) @ value
        x = cut(x + self.join(attended.transpose(1, 2).flatten(2)), RESIDUAL)
        active = self.expand(norm(x)).clamp(0, RECTIFIED)
        return cut(x + self.contract(active * active), RESIDUAL), keys, values


def norm(x: Tensor) -> Tensor:
    """Return x over its root mean square, along the last axis."""
    mean = (x * x).mean(dim=-1, keepdim=True)
    return cut(x * torch.rsqrt(mean + EPSILON))


def cut(x: Tensor, limit: float = exact.LIMIT / (1 << 11)) -> Tensor:
    """Return x cut to +-limit, as the integers are."""
    return x.clamp(-limit, limit)
