"""How far one migration has come: its statements are counted, so that it can be gone on with."""

import hashlib
from dataclasses import dataclass, field

from alembic.util import CommandError


@dataclass
class Course:
    """One migration under way, or begun by an attempt that ended."""

    done: int = 0
    """So many of its statements an earlier attempt has committed."""
    digest_of_done: str = ""
    held: list[str] = field(default_factory=list)
    """Tables that nobody may write to until the next statement that is due has its own locks."""
    seen: int = 0
    digest: str = ""
    former_digest: str = ""
    is_kept: bool = False
    """Whether the database knows of it: the half that is done is committed."""
    gaps: set[tuple[str, str]] = field(default_factory=set)
    """What was taken away and is not back: kinds and names of views, triggers, policies, functions."""
    later: list[tuple[str, str]] = field(default_factory=list)
    """Indexes by name, and how each is made in the end; those with nothing are dropped."""

    def count(self, statement: str) -> bool:
        """Whether the next statement still has to be carried out.

        Raises:
            CommandError: the statements that were carried out were others.
        """
        self.seen += 1
        self.former_digest = self.digest
        self.digest = hashlib.sha256((self.digest + statement).encode()).hexdigest()
        if self.seen == self.done and self.digest != self.digest_of_done:
            raise CommandError("The migration that is half done has been changed meanwhile.")
        return self.seen > self.done

    def note(self, verb: str, kind: str, name: str) -> None:
        """A view, trigger, policy or function was made or taken away."""
        change = self.gaps.add if verb.upper() == "DROP" else self.gaps.discard
        change((kind.upper(), name))
