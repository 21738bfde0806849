"""Which failures of PostgreSQL pass by themselves."""

import asyncpg
from sqlalchemy.exc import DBAPIError

# PostgresError comes from statements sent over `driver`, which SQLAlchemy does not wrap.
DRIVER_FAULTS = (DBAPIError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError)
# Connection trouble, shutdown, too many connections, statement and lock timeouts, deadlocks.
_TRANSIENT_STATES = ("08", "53", "57P", "57014", "55P03", "40P01", "40001", "25P03")


def is_transient(error: BaseException) -> bool:
    """Whether the same work can succeed later: lost connections, timeouts, deadlocks."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
        if state is None:
            # asyncpg raises its own interface errors, without a state, for closed connections.
            return not error.statement or "Interface" in type(error).__name__
        return str(state).startswith(_TRANSIENT_STATES)
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_TRANSIENT_STATES)
    return isinstance(error, OSError | asyncpg.InterfaceError | TimeoutError)
