"""Muon, an optimiser of matrices (Jordan et al. 2024): momentum, made orthogonal.

torch's own always multiplies in bfloat16. CPUs without such instructions only imitate it, twenty
times slower than float32. This one multiplies in the type that the machine is fast at.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

__all__ = ["Muon", "orthogonal", "product_type"]

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


def product_type(device: torch.device) -> torch.dtype:
    """Return bfloat16 if the device multiplies it fastest, else float32."""
    if device.type != "cpu" or torch.cpu._is_avx512_bf16_supported():
        return torch.bfloat16
    return torch.float32


def orthogonal(matrix: Tensor) -> Tensor:
    """Return the matrix with all singular values made nearly 1, by Newton-Schulz iteration."""
    wide = matrix.shape[0] <= matrix.shape[1]
    x = (matrix if wide else matrix.t()).to(product_type(matrix.device))
    x = x / x.norm().clamp(min=1e-7)
    x = _by_powers(x) if x.dtype == torch.float32 else _in_turn(x)
    return (x if wide else x.t()).to(matrix.dtype)


def _in_turn(x: Tensor) -> Tensor:
    """Return x after all iterations, each of which is x -> (a + b x x' + c (x x')^2) x."""
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        gram = x @ x.t()
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _by_powers(x: Tensor) -> Tensor:
    """Return the same, but multiply the wide x only twice: bfloat16 is too coarse for that.

    The factors of x are powers of the first x x', which commute: what follows from them is small.
    """
    a, b, c = COEFFICIENTS
    gram = x @ x.t()
    product = torch.eye(len(gram), device=x.device)
    for _ in range(ITERATIONS):
        factor = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal().add_(a)
        gram = factor @ gram @ factor
        product = factor @ product
    return product @ x


class Muon(torch.optim.Optimizer):
    """The optimiser: each step is orthogonal, times sqrt(max(1, rows / columns))."""

    def __init__(self, matrices: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move every matrix. `closure` is torch's, and not called."""
        for group in self.param_groups:
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                state = self.state[matrix]
                if not state:
                    state["momentum_buffer"] = torch.zeros_like(matrix)
                momentum = state["momentum_buffer"]
                momentum.lerp_(matrix.grad, 1 - MOMENTUM)
                update = orthogonal(matrix.grad.lerp(momentum, MOMENTUM))
                rows, columns = matrix.shape
                matrix.mul_(1 - group["lr"] * group["weight_decay"])
                matrix.add_(update, alpha=-group["lr"] * math.sqrt(max(1.0, rows / columns)))
