"""Remakes the ensemble: ABC-SMC over the fitted half of the findings, resumable. Takes tens of minutes on one core.

python tools/ensemble.py FOLDER [--particles N] [--people N] [--rounds N] [--members N] [--write]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from unstuck.core.library_file import library_root
from unstuck.lab.fit import smc
from unstuck.lab.fit.ensemble import Simulator, distance, shipped, space


def main() -> int:
    """Runs what is left of the fit and writes the ensemble beside its rounds, or into the library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, value in (("particles", 160), ("people", 96), ("rounds", 6), ("members", 56), ("seed", 20260)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--write", action="store_true", help="write library/fear/ensemble.toml")
    args = parser.parse_args()
    free = space()
    settings = smc.Settings(args.particles, free.size, seed=args.seed)
    simulate = Simulator(free, args.people)
    last = smc.run(settings, args.rounds, args.folder, simulate, distance, lambda line: print(line, flush=True))
    options = f"--particles {args.particles} --people {args.people} --rounds {last.number} --members {args.members}"
    text = shipped(free, last, args.members, args.seed, f"python tools/ensemble.py FOLDER {options} --write")
    path = library_root() / "fear" / "ensemble.toml" if args.write else args.folder / "ensemble.toml"
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
