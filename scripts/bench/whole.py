"""Every part of the benchmarks in turn: `./scripts/bench/run [--short] [--only api,claims] [--resume]`.

Each part is a program of its own that keeps its figures in docs/benchmarks.json by itself and makes the
page and its plots anew: one that fails, or is interrupted, takes nothing of the others with it.
"""

import argparse
import subprocess
import sys
import time
from typing import Final

from scripts.bench import kept
from scripts.bench.page import draw
from scripts.bench.peers_environment import PROJECT, peers_python

PARTS: Final[dict[str, tuple[str, ...]]] = {
    "startup": (),
    "extraction": (),
    "api": (),
    "growth": (),
    # The million once, the rest three times.
    "claims": ("--full",),
}
MOST_SECONDS: Final = 1_500
"""Of one part, on a machine that is busy with other things."""


def run(name: str, *, is_short: bool) -> bool:
    """One part; True when it came to its end."""
    flags = ("--short",) if is_short else PARTS[name]
    command = [sys.executable, "-m", f"scripts.bench.{name}", "--write", *flags]
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    try:
        done = subprocess.run(command, cwd=PROJECT, timeout=MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        print(f"== {name}: not at its end after {MOST_SECONDS} s", flush=True)
        return False
    print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode == 0


def main() -> int:
    """All parts, or those that are named; 1 when one of them failed."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--short", action="store_true", help="small sizes and few rounds")
    asking.add_argument("--only", default=",".join(PARTS), help="parts by name, with commas")
    asking.add_argument("--resume", action="store_true", help="leave out what is of today")
    asking.add_argument("--draw", action="store_true", help="only the page and its plots")
    asked = asking.parse_args()
    if asked.draw:
        draw()
        return 0
    wanted = asked.only.split(",")
    if unknown := set(wanted) - PARTS.keys():
        asking.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    there = kept.read()
    if asked.resume:
        wanted = [name for name in wanted if not kept.is_fresh(there.get(name))]
    # Made before anything is measured, so that its making disturbs nothing.
    peers_python()
    failed = []
    for name in wanted:
        if not run(name, is_short=asked.short):
            failed.append(name)
        kept.pause()
    if failed:
        print(f"Failed: {', '.join(failed)}; again with --resume.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
