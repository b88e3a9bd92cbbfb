"""The optimiser of matrices, beside torch's own."""

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'arzip[torch]'")
torch.set_num_threads(1)

from arzip.training.muon import Muon, _by_powers, _in_turn, orthogonal, product_type  # noqa: E402


@pytest.mark.parametrize("shape", [(12, 12), (36, 12), (12, 36)])
def test_all_singular_values_become_nearly_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(1)
    matrix = torch.randn(shape)
    found = orthogonal(matrix)
    assert found.shape == matrix.shape and found.dtype == matrix.dtype
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.3 and values.max() < 1.4
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    between = left.t() @ found @ right.t()  # diagonal, if the directions are the same
    assert (between - between.diag().diag()).abs().max() < 0.1


@pytest.mark.parametrize("smallest", [1, 1e-2, 1e-4, 1e-6])
def test_powers_give_what_iterations_do(smallest: float) -> None:
    torch.manual_seed(3)
    left, _, right = torch.linalg.svd(torch.randn(24, 90), full_matrices=False)
    x = left * smallest ** torch.linspace(0, 1, 24) @ right
    x /= x.norm()
    expected = _in_turn(x.double())
    assert (_by_powers(x) - expected).norm() < 1e-3 * expected.norm()


@pytest.mark.parametrize("shape", [(36, 12), (12, 36)])
def test_steps_are_torchs(shape: tuple[int, int]) -> None:
    """Which rounds to bfloat16 wherever it runs."""
    torch.manual_seed(2)
    ours, theirs = (torch.nn.Parameter(torch.ones(shape)) for _ in range(2))
    first = Muon([ours], lr=0.02, weight_decay=0.1)
    second = torch.optim.Muon([theirs], lr=0.02, weight_decay=0.1)
    for _ in range(5):
        ours.grad = torch.randn(shape)
        theirs.grad = ours.grad.clone()
        first.step()
        second.step()
    moved = (ours - 1).norm()
    assert moved > 0.1 and (ours - theirs).norm() < 0.1 * moved


def test_gpus_multiply_in_bfloat16() -> None:
    assert product_type(torch.device("cuda")) == torch.bfloat16
    assert product_type(torch.device("cpu")) in (torch.bfloat16, torch.float32)
