"""A real worker process over the settings in its environment: `python -m tests.faults.worker_process`."""

import os
from typing import Any

from app.core.settings import load_settings
from app.worker.doorbell import Doorbell
from app.worker.process import run_worker


def say_everything_twice() -> None:
    """As a broker does that delivers a message again: the same name and ids, and the same number."""
    publish = Doorbell.publish

    def twice(self: Doorbell, *message: Any) -> None:
        publish(self, *message)
        publish(self, *message)

    Doorbell.publish = twice  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    if os.environ.get("EVERY_MESSAGE_TWICE"):
        say_everything_twice()
    run_worker(load_settings(), concurrency=2)
