"""A Dask cluster as an executor. This module alone imports Dask, and only `--dask` loads it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import cast

from distributed import Client


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """The executor of that scheduler, or of a cluster of this machine for the address `local`."""
    options = {} if address == "local" else {"address": address}
    with Client(**options, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        yield cast(Executor, client.get_executor())
