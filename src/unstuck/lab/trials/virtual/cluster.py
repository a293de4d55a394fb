"""A Dask cluster as an executor. This module alone imports Dask, and only `--dask` loads it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import cast

from distributed import Client

from unstuck.core.errors import Complaint
from unstuck.lab.trials.job import code_hash

WAIT_S = 20
LOCAL = "local"  # a cluster of this machine, a process for each core, that ends with the run and serves no page


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The executor of that scheduler, or of a cluster of this machine for the address `local`.

    Raises Complaint where nobody answers, where no worker comes, or where workers hold other code than this process.
    """
    with _client(address) as client:
        _same_code(client, address)
        yield cast(Executor, client.get_executor())


def _client(address: str) -> Client:
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    options = {"threads_per_worker": 1, **quiet} if address == LOCAL else {"address": address}
    try:
        return Client(**options, set_as_default=False, timeout=WAIT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError):
        raise Complaint(
            "No Dask scheduler answers.", address, "Start one with `dask scheduler`, or give --dask local."
        ) from None


def _same_code(client: Client, address: str) -> None:
    """Pieces are named by the code of this process, so that other code must not make them."""
    try:
        client.wait_for_workers(1, timeout=WAIT_S)
        found = set(client.run(code_hash).values())
    except (TimeoutError, ImportError, AttributeError) as wrong:
        raise Complaint(
            f"No worker of the cluster can take part: {wrong}.", address, "Install the same unstuck on its workers."
        ) from None
    if found != {code_hash()}:
        raise Complaint("Workers of the cluster hold another version of unstuck.", address, "Install this one there.")
