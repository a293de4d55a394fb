"""How fast does a reading get its receipt when forty chairs send at once, and is any lost when the server is killed?

    python benchmarks/session_throughput.py [--minutes 10] [--chairs 40] [--postgres URL]

Without --minutes 2,400 readings are sent at full speed; with it, each chair sends one every ten seconds in real time.
Figures are also given relative to an empty Django view of the same server in the same run.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import time
from pathlib import Path

from chairs import Site, all_chairs, kill_twice, lost_and_doubled


def main() -> None:
    """Measures, kills twice, counts, and prints."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=0.0)
    asked.add_argument("--chairs", type=int, default=40)
    asked.add_argument("--readings", type=int, default=2400)
    asked.add_argument("--postgres", default="")
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = made(Path(folder), told.chairs, told.postgres)
        empty = sorted(timed(site) for _ in range(200))
        per_chair = round(told.minutes * 6) if told.minutes else told.readings // told.chairs
        pause = 10.0 if told.minutes else 0.0
        begun = time.perf_counter()
        chairs = all_chairs(site, per_chair, kill_twice, pause)
        seconds = time.perf_counter() - begun
        lost, doubled, sound = lost_and_doubled(site, chairs)
        site.kill()
    receipts = sorted(s for chair in chairs for s in chair.seconds)
    resent = sum(chair.resent for chair in chairs)
    unit = statistics.median(empty)
    middle, slow, rate = statistics.median(receipts), receipts[int(0.99 * len(receipts))], len(receipts) / seconds
    print(f"empty view: p50 1.0 (the unit, {1e3 * unit:.1f} ms here), p99 {empty[int(0.99 * len(empty))] / unit:.1f}")
    print(f"receipt of a reading: p50 {middle / unit:.1f}, p99 {slow / unit:.1f}, two restarts included")
    print(f"{len(receipts)} readings from {told.chairs} chairs in {seconds:.1f} s: {rate:.0f} a second")
    print(f"server killed twice, {resent} sent again; lost {lost}, doubled {doubled}, ledger sound: {sound}")
    if lost or doubled or not sound:
        raise SystemExit(1)


def made(home: Path, chairs: int, postgres: str) -> Site:
    """A site on a free port, prepared and started."""
    if postgres:
        (home / "site.toml").write_text(f'UNSTUCK_DATABASE_URL = "{postgres}"\n')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    site = Site(home, port)
    site.prepare(chairs)
    site.start()
    return site


def timed(site: Site) -> float:
    """Seconds for one empty view."""
    begun = time.perf_counter()
    site.get("/empty/")
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
