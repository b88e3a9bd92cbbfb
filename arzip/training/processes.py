"""The processes that train one network together under torchrun, or the only one.

Each has lanes, and on GPUs a device, of its own. All hold the same network.
"""

import atexit
import importlib
import os
from typing import TypeVar

import torch
from torch import nn

__all__ = ["Processes"]

T = TypeVar("T")


class Processes:
    """This process among the others."""

    def __init__(self, device: str) -> None:
        """Find the others, if torchrun started this process."""
        self.rank, self.count = 0, 1
        self.device = torch.device(device)
        if "WORLD_SIZE" not in os.environ:
            return
        is_cuda = self.device.type == "cuda"
        if is_cuda:
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(self.device)
        if not torch.distributed.is_initialized():
            # If it is imported later, as by DistributedDataParallel, its defaults hold the group.
            importlib.import_module("torch.distributed.nn.functional")
            torch.distributed.init_process_group("nccl" if is_cuda else "gloo")
            atexit.register(_leave)
        self.rank = torch.distributed.get_rank()
        self.count = torch.distributed.get_world_size()

    def agreed(self, value: float) -> float:
        """Return the first process's value, in all of them."""
        if self.count > 1:
            shared = torch.tensor(float(value), device=self.device)
            torch.distributed.broadcast(shared, 0)
            value = shared.item()
        return value

    def gathered(self, own: T) -> list[T]:
        """Return the objects of all processes, in order of their ranks."""
        everyone = [own] * self.count
        if self.count > 1:
            torch.distributed.all_gather_object(everyone, own)
        return everyone

    def averaged(self, network: nn.Module) -> nn.Module:
        """Return the network so that its gradients are averaged over the processes."""
        if self.count > 1:
            return torch.nn.parallel.DistributedDataParallel(network)
        return network


def _leave() -> None:
    """End the group of processes.

    Its threads must not outlive the interpreter: letting go of a tensor then kills the process.
    """
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
