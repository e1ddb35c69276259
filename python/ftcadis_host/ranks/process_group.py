"""The ranks of a launch as one group: how they connect, and their collective operations."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

import torch
from torch import distributed

from .rank_watch import RankWatch

# Gradients are sent in pieces of about this size: large enough for the network, small compared with the weights.
BUCKET_BYTES = 64 * 2**20


class ProcessGroup:
    """NCCL between GPUs; gloo between CPUs, and for plain data.

    Every rank must run the same operations in the same order. Waiting for a lost rank raises RankLostError, or ends this
    process with a line that says so; see `rank_watch`.
    """

    def __init__(self, device: torch.device, *, rank: int, world_size: int, join_seconds: float, wait_seconds: float):
        if device.type not in ("cpu", "cuda"):
            raise ValueError(f"Processes compute together on 'cpu' or 'cuda', not on '{device}'. Choose one of them.")
        store = join_store(rank, world_size, join_seconds)
        self._world_size = world_size
        self._watch = RankWatch(distributed.PrefixStore("watch", store), rank, world_size)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo",
            store=distributed.PrefixStore("collectives", store),
            rank=rank,
            world_size=world_size,
            timeout=timedelta(seconds=wait_seconds),
        )

    def all_reduce_gradients(self, optimizer: torch.optim.Optimizer) -> None:
        """Sums the gradients of the optimizer's parameters over the ranks.

        A parameter with a gradient on any rank then has one on all; a rank without counts as zeros. A parameter
        without one on any rank stays without, and the optimizer skips it, including weight decay, as in a single process.
        """
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        has_gradient = torch.tensor([parameter.grad is not None for parameter in parameters], dtype=torch.float32)
        holders = has_gradient.to(parameters[0].device)
        self._all_reduce(holders)
        # Read only if necessary: on a GPU this waits for the device.
        somewhere = holders.tolist() if not has_gradient.all() else None
        for bucket in _buckets(parameters):
            flat = torch.cat([_gradient_or_zeros(parameters[index]).reshape(-1) for index in bucket])
            self._all_reduce(flat)
            sums = flat.split([parameters[index].numel() for index in bucket])
            for index, total in zip(bucket, sums, strict=True):
                parameter = parameters[index]
                if parameter.grad is not None:
                    parameter.grad.copy_(total.view_as(parameter))
                elif somewhere is not None and somewhere[index] > 0:
                    parameter.grad = total.view_as(parameter).clone()

    def all_reduce_sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Returns the sum over the ranks, as a new tensor without a graph."""
        total = tensor.detach().clone(memory_format=torch.contiguous_format)
        self._all_reduce(total)
        return total

    def all_reduce_max(self, tensor: torch.Tensor) -> torch.Tensor:
        """Returns the elementwise maximum over the ranks, as a new tensor."""
        largest = tensor.clone(memory_format=torch.contiguous_format)
        self._watch.run(distributed.all_reduce, largest, distributed.ReduceOp.MAX)
        return largest

    @torch.no_grad()
    def broadcast_parameters(self, module: torch.nn.Module) -> None:
        """Broadcasts the parameters and buffers of rank 0 to every rank."""
        for tensor in chain(module.parameters(), module.buffers()):
            sent = tensor.detach().contiguous()
            self._watch.run(distributed.broadcast, sent, 0)
            if sent.data_ptr() != tensor.data_ptr():
                tensor.copy_(sent)

    def gather_plain(self, value: Any) -> list[Any]:
        """Returns the plain data of every rank, by rank, on every rank."""
        mine = torch.frombuffer(bytearray(json.dumps(value), "utf-8"), dtype=torch.uint8)
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(self._world_size)]
        self._watch.run(distributed.all_gather, lengths, torch.tensor([len(mine)]))
        longest = int(max(lengths))
        texts = [torch.zeros(longest, dtype=torch.uint8) for _ in lengths]
        self._watch.run(distributed.all_gather, texts, torch.nn.functional.pad(mine, (0, longest - len(mine))))
        return [
            json.loads(text[: int(length)].numpy().tobytes()) for text, length in zip(texts, lengths, strict=True)
        ]

    def note_failure(self, failure: str) -> None:
        """Stores the latest error for the other ranks to read if this rank ends."""
        self._watch.note_failure(failure)

    def leave(self) -> None:
        """Leaves cleanly: this rank takes part in no further operation."""
        self.close("has left the process group")
        distributed.destroy_process_group()

    def close(self, reason: str = "has closed its session") -> None:
        """Tells the others why they wait in vain, if they do. Connections end with the process."""
        self._watch.close(reason)

    def _all_reduce(self, tensor: torch.Tensor) -> None:
        self._watch.run(distributed.all_reduce, tensor)


def join_store(rank: int, world_size: int, seconds: float) -> distributed.Store:
    """Returns the store that the launcher's ranks share, without data of an earlier start of the same launch.

    torchrun keeps its store over restarts, with the addresses of ranks that are gone. So rank 0 names each start, and tells the
    name to ranks that greet it now: each greeting is a unique word.
    """
    deadline = time.monotonic() + seconds
    environment = distributed.rendezvous("env://", rank, world_size, timeout=timedelta(seconds=seconds))
    store = next(environment)[0]
    if rank > 0:
        greeting = uuid.uuid4().hex
        store.set(f"greeting/{rank}", greeting)
        try:
            name = store.get(f"answer/{greeting}").decode()
        except RuntimeError as error:
            raise TimeoutError(f"Rank 0 did not answer within {seconds:.0f} s. Read what it printed.") from error
        named = distributed.PrefixStore(name, store)
        named.set(f"joined/{rank}", "")
        return named
    name = uuid.uuid4().hex
    named = distributed.PrefixStore(name, store)
    missing = list(range(1, world_size))
    while missing:
        for other in missing:
            if store.check([f"greeting/{other}"]):
                store.set(f"answer/{store.get(f'greeting/{other}').decode()}", name)
        missing = [other for other in missing if not named.check([f"joined/{other}"])]
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"Of {world_size} ranks, {missing} did not join within {seconds:.0f} s. Read what they printed."
            )
        time.sleep(0.01)
    return named


def _gradient_or_zeros(parameter: torch.nn.Parameter) -> torch.Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _buckets(parameters: list[torch.nn.Parameter]) -> Iterator[list[int]]:
    """Returns positions of parameters to send together: in order, of one dtype and device."""
    bucket: list[int] = []
    size = 0
    for index, parameter in enumerate(parameters):
        first = parameters[bucket[0]] if bucket else parameter
        if bucket and (size >= BUCKET_BYTES or (first.dtype, first.device) != (parameter.dtype, parameter.device)):
            yield bucket
            bucket, size = [], 0
        bucket.append(index)
        size += parameter.nbytes
    if bucket:
        yield bucket
