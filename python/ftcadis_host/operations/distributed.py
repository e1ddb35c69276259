"""Operations that the ranks of a launch run together."""

from __future__ import annotations

from typing import Any


def join_process_group(host, *, rank: int, world_size: int, join_seconds: float, wait_seconds: float):
    from ..ranks.process_group import ProcessGroup

    host.process_group = ProcessGroup(
        host.device, rank=rank, world_size=world_size, join_seconds=join_seconds, wait_seconds=wait_seconds
    )
    return host.process_group


def leave_process_group(host, group) -> None:
    host.process_group = None
    group.leave()


def all_reduce_gradients(_host, group, optimizer) -> None:
    group.all_reduce_gradients(optimizer)


def all_reduce_sum(_host, group, tensor):
    return group.all_reduce_sum(tensor)


def average_buffers(_host, group, module) -> None:
    group.average_buffers(module)


def broadcast_parameters(_host, group, module) -> None:
    group.broadcast_parameters(module)


def gather_plain(_host, group, *, value: Any) -> list[Any]:
    return group.gather_plain(value)


def broadcast_plain(_host, group, *, value: Any) -> Any:
    return group.gather_plain(value)[0]


OPERATIONS = {
    "join_process_group": join_process_group,
    "leave_process_group": leave_process_group,
    "all_reduce_gradients": all_reduce_gradients,
    "all_reduce_sum": all_reduce_sum,
    "average_buffers": average_buffers,
    "broadcast_parameters": broadcast_parameters,
    "gather_plain": gather_plain,
    "broadcast_plain": broadcast_plain,
}
