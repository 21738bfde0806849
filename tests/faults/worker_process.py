"""A real worker process over the settings in its environment: `python -m tests.faults.worker_process`."""

from app.core.settings import load_settings
from app.worker.process import run_worker

if __name__ == "__main__":
    run_worker(load_settings(), concurrency=2)
