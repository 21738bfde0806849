"""The program that runs the tests' own worker or beat over the work in drill.py."""

import sys

from app.core.settings import load_settings
from app.worker.process import run_beat, run_worker

MODULES = ("tests.worker.drill",)

if __name__ == "__main__":
    if sys.argv[1] == "beat":
        run_beat(load_settings(), modules=MODULES)
    else:
        run_worker(load_settings(), int(sys.argv[2]), modules=MODULES)
