"""Operations that the ranks of a launch run together."""

from __future__ import annotations

from typing import Any

from ..delegates import method


def join_process_group(host, *, rank: int, world_size: int, join_seconds: float, wait_seconds: float):
    from ..ranks.process_group import ProcessGroup

    host.process_group = ProcessGroup(
        host.device, rank=rank, world_size=world_size, join_seconds=join_seconds, wait_seconds=wait_seconds
    )
    return host.process_group


def leave_process_group(host, group) -> None:
    host.process_group = None
    group.leave()


def all_reduce_statistics(_host, group, statistics) -> None:
    statistics.all_reduce(group)


def broadcast_plain(_host, group, *, value: Any) -> Any:
    return group.gather_plain(value)[0]


OPERATIONS = {
    "join_process_group": join_process_group,
    "leave_process_group": leave_process_group,
    "all_reduce_gradients": method("all_reduce_gradients"),
    "all_reduce_sum": method("all_reduce_sum"),
    "all_reduce_statistics": all_reduce_statistics,
    "broadcast_parameters": method("broadcast_parameters"),
    "gather_plain": method("gather_plain"),
    "broadcast_plain": broadcast_plain,
}
