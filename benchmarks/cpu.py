"""CPU seconds of one piece of work, for the benchmarks that give ratios."""

from __future__ import annotations

import time
from collections.abc import Callable


def cpu_seconds(work: Callable[[], object], times: int, warm: bool = True) -> float:
    """The least CPU seconds of `times` calls; warm: after one that is not counted."""
    if warm:
        work()
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)
