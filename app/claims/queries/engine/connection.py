"""The connection that the engine's statements go over."""

from typing import Any, TypeAlias

import asyncpg

# asyncpg's class takes a parameter in its stubs and none at run time.
Connection: TypeAlias = "asyncpg.Connection[Any]"
Record = asyncpg.Record
