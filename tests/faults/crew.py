"""Real worker processes that can be killed, frozen and started again."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from app.core.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class Crew:
    """Worker processes over one database; each has two children of two lanes."""

    settings: Settings
    log: Path
    says_twice: bool = False
    """Whatever a member rings for is rung for twice."""
    members: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker, the leader of a process group of its own."""
        with self.log.open("ab") as output:
            member = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.worker_process"],
                cwd=self.log.parent,
                env=self._environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.members.append(member)
        return member

    def _environment(self) -> dict[str, str]:
        uhc, claims = self.settings.uhc, self.settings.claims
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "ENVIRONMENT": "test",
            "DATABASE_URL": self.settings.database.url.get_secret_value(),
            "REDIS_URL": self.settings.redis.url.get_secret_value(),
            "SECRET_KEY": self.settings.auth.secret_key.get_secret_value(),
            "UHC_TOKEN_URL": uhc.token_url,
            "UHC_BASE_URL": uhc.base_url,
            "UHC_CLIENT_ID": uhc.client_id,
            "UHC_CLIENT_SECRET": uhc.client_secret.get_secret_value(),
            "UHC_REQUESTS_PER_MINUTE": "0",
            "UHC_TIMEOUT_SECONDS": str(uhc.timeout_seconds),
            "PAYER_RETRY_WINDOW_SECONDS": str(claims.payer_retry_window_seconds),
            "CLAIMS_LEASE_SECONDS": str(claims.lease_seconds),
            "CLAIMS_LANES": "2",
            "EVERY_MESSAGE_TWICE": "yes" if self.says_twice else "",
        }

    async def end(self, member: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """Ask the worker's main process to end, and wait until it has."""
        member.send_signal(number)
        await asyncio.to_thread(member.wait, 60)
        self.members.remove(member)

    def signal(self, member: subprocess.Popen[bytes], number: signal.Signals) -> None:
        """Send a signal to the worker and all its children."""
        os.killpg(member.pid, number)

    def kill(self, member: subprocess.Popen[bytes]) -> None:
        """The worker and its children are gone at once, with whatever they had in hand."""
        self.signal(member, signal.SIGKILL)
        member.wait()
        self.members.remove(member)

    def kill_child(self, member: subprocess.Popen[bytes], which: int = 0) -> bool:
        """Kill one child; the worker starts another."""
        children = children_of(member.pid)
        if children:
            os.kill(children[which % len(children)], signal.SIGKILL)
        return bool(children)

    async def dismiss(self) -> None:
        """Kill everybody who is left."""
        for member in list(self.members):
            self.kill(member)
        await asyncio.sleep(0.1)

    @property
    def story(self) -> str:
        """The end of what the workers said."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""


def children_of(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []
