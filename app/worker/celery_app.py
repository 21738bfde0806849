"""Celery as we use it: a doorbell over Redis and a manager of processes, nothing that remembers."""

from collections.abc import Sequence
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

from celery import Celery
from kombu.entity import Exchange, Queue

from app.core.settings import RedisSettings

# A slice of work ends by itself within this; the harder limits stand behind it.
TASK_SECONDS: Final = 40.0
KILL_SECONDS: Final = 45
MESSAGE_SECONDS: Final = 30
DRAIN_SECONDS: Final = 25.0
# A ring waits for Redis no longer than this, in a thread of its own.
PATIENCE_SECONDS: Final = 0.5


def broker_url(url: str) -> str:
    """The address of Redis in kombu's spelling, which has its own for unix sockets."""
    if not url.startswith("unix:"):
        return url
    parts = urlsplit(url)
    number = parse_qs(parts.query).get("db", ["0"])[0]
    credentials = f"{parts.netloc}" if "@" in parts.netloc else ""
    return f"redis+socket://{credentials}{parts.path}?virtual_host={number}"


def build(
    settings: RedisSettings, *, role: Literal["ringer", "worker"], queues: Sequence[str] = ()
) -> Celery:
    """A Celery application: a `ringer` only sends and is impatient, a `worker` listens.

    It is not made Celery's current application, so that several can live in one process.
    """
    app = Celery("intake", set_as_current=False, autofinalize=True, loader="app")
    app.conf.update(_configuration())
    app.conf.update(
        broker_url=broker_url(settings.url.get_secret_value()),
        broker_transport_options=_transport_options(PATIENCE_SECONDS if role == "ringer" else 5.0),
        task_queues=[_queue(name) for name in queues],
    )
    return app


def _queue(name: str) -> Queue:
    # The nameless exchange leads straight to the queue of the routing key: no bindings that would
    # stay in Redis after a worker's own queue is gone.
    return Queue(name, Exchange(""), routing_key=name)  # type: ignore[no-untyped-call]


def _transport_options(patience_seconds: float) -> dict[str, Any]:
    return {
        # A message that a dead process had taken comes back after this, for what it is worth:
        # the sweeper has long rung again.
        "visibility_timeout": 300,
        "unacked_restore_throttle": 1,
        "socket_timeout": patience_seconds,
        "socket_connect_timeout": patience_seconds,
    }


def _configuration() -> dict[str, Any]:
    return {
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_time_limit": KILL_SECONDS,
        "task_publish_retry": True,
        "task_publish_retry_policy": {
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": 5000,
        "worker_max_memory_per_child": 600 * 1024,
        # Children inherit what the parent has opened and registered.
        "worker_pool_start_method": "fork",
        "worker_proc_alive_timeout": 20.0,
        # No results are awaited from a child that died: its message goes back at once.
        "worker_lost_wait": 1.0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        # Heartbeats in the process registry replace `inspect` and events.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "timezone": "UTC",
        "enable_utc": True,
    }
