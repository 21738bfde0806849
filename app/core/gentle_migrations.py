"""Carries migrations out so that nobody who reads waits for more than a moment.

A migration says what is to become of the schema; here it is done so that it may meet a filled
database that is in use. On tables without rows nothing differs: one transaction a migration. On others

- before the first statement that takes long (rows rewritten, a constraint tried on all rows, an index
  built), locks that shut readers out are let go: what was done is committed, with how far the
  migration has come, and the tables are locked anew against writers only, so that what is written
  meanwhile cannot slip between a backfill and the trigger that follows it;
- indexes are built, and given up, at the end and CONCURRENTLY, unless they are unique: those are
  built where the migration says, beside the index that they replace, which goes last;
- checks and foreign keys are added NOT VALID and validated then; NOT NULL comes by way of a check.

A migration that ends in between, killed or refused a lock, goes on from there at the next attempt.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from alembic import context
from alembic.ddl.base import ColumnNullable
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.util import CommandError
from sqlalchemy import (
    CheckConstraint,
    CursorResult,
    ForeignKeyConstraint,
    UpdateBase,
    text,
)
from sqlalchemy.schema import AddConstraint, CreateIndex, DropIndex
from sqlalchemy.util import immutabledict

from app.core.migration_course import Course

# Everybody who wants to read a table queues behind a migration that waits for it: so it gives up
# soon, lets them through, and tries again.
LOCK_TIMEOUT: Final = "50ms"
PROGRESS: Final = "migration_progress"
"""The table that exists while a migration is half done, and not otherwise."""
_TAKES_LONG = re.compile(
    r"\s*(UPDATE|DELETE|INSERT|WITH|SELECT|DO|CREATE\s+(UNIQUE\s+)?INDEX"
    r"|ALTER\s+TABLE\s+\S+\s+VALIDATE)\b",
    re.IGNORECASE,
)
# From the statement that takes such a thing away to the one that brings it back nobody may see the
# schema.
_MAKES_OR_TAKES = re.compile(
    r"\s*(DROP|CREATE)\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?(VIEW|TRIGGER|POLICY|FUNCTION)\s+"
    r"(?:IF\s+EXISTS\s+)?([\w.]+)",
    re.IGNORECASE,
)
_LONGEST_NAME: Final = 63
_SHUT: Final = """
    SELECT l.relation::regclass::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relkind = 'r' ORDER BY 1
"""
_TABLE_OF_INDEX: Final = """
    SELECT indrelid::regclass::text FROM pg_index
    WHERE indexrelid = to_regclass(:name) AND indisvalid
"""
_CONSTRAINT: Final = """
    SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass(:table) AND conname = :name
"""


class GentlePostgresql(PostgresqlImpl):
    """Alembic's way to PostgreSQL, which every statement of a migration takes."""

    # Alembic chooses by this name, and takes the class that was declared last.
    __dialect__ = "postgresql"
    _course: Course | None = None

    def _exec(
        self,
        construct: Any,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] = immutabledict(),
    ) -> CursorResult[Any] | None:
        construct = text(construct) if isinstance(construct, str) else construct
        course = self._course = self._course or self._begin()
        if isinstance(construct, UpdateBase) and str(construct.table) == "alembic_version":
            # The last thing that a migration does is to write its name.
            self._finish(course)
            self._course = None
            return super()._exec(construct, execution_options, multiparams, params)
        statement = str(construct.compile(dialect=self.dialect))
        is_due = course.count(statement)
        if is_due:
            self._lock(course)
        if isinstance(construct, CreateIndex):
            self._create_index(course, construct, is_due)
        elif isinstance(construct, DropIndex):
            self._drop_index(course, construct, is_due)
        elif is_due and self._is_constraint(construct):
            self._constrain(course, construct, statement)
        elif is_due:
            self._look_at(course, statement)
            return super()._exec(construct, execution_options, multiparams, params)
        return None

    def _look_at(self, course: Course, statement: str) -> None:
        if _TAKES_LONG.match(statement):
            self._let_readers_in(course)
        if found := _MAKES_OR_TAKES.match(statement):
            course.note(*found.groups())
            if [word.upper() for word in found.groups()[:2]] == ["DROP", "FUNCTION"]:
                self._let_go_of_indexes(course)

    def _begin(self) -> Course:
        if not self._ask("SELECT to_regclass(:name)::text", name=PROGRESS):
            return Course()
        row = self._run(f"SELECT * FROM {PROGRESS}").one()  # noqa: S608 - a constant.  # nosec B608 - a constant
        if (row.came_from, row.direction) != (self._came_from(), self._direction()):
            raise CommandError(
                f"The {row.direction} from {row.came_from or 'nothing'} is half done: finish it first."
            )
        return Course(done=row.done, digest_of_done=row.digest, held=row.held, is_kept=True)

    def _finish(self, course: Course) -> None:
        """All but the migration's name: its indexes, which take no lock that is in anybody's way."""
        if course.later:
            self._keep(course, course.seen, course.digest, [])
            with context.get_context().autocommit_block():
                # Nobody queues behind this, so whoever is in the way is waited for.
                self._run("SET lock_timeout = 0")
                for name, statement in sorted(course.later, key=lambda pair: not pair[1]):
                    self._run(f"DROP INDEX CONCURRENTLY IF EXISTS {self._quoted(name)}")
                    if statement:
                        self._run(statement)
                self._run(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        if course.is_kept:
            self._run(f"DROP TABLE {PROGRESS}")

    def _let_readers_in(self, course: Course) -> None:
        """Go on in a new transaction if this one keeps anybody from reading rows."""
        shut = [row[0] for row in self._run(_SHUT)]
        held = [name for name in shut if self._has_rows(name)]
        if not held or course.gaps:
            return
        self._keep(course, course.seen - 1, course.former_digest, held)
        with context.get_context().autocommit_block():
            pass
        self._lock(course)

    def _keep(self, course: Course, done: int, digest: str, held: list[str]) -> None:
        if not course.is_kept:
            self._run(
                f"CREATE TABLE {PROGRESS} (came_from text, direction text, done int, digest text,"
                " held text[])"
            )
        self._run(f"DELETE FROM {PROGRESS}")  # noqa: S608 - a constant.  # nosec B608 - a constant
        self._run(
            f"INSERT INTO {PROGRESS} VALUES (:came_from, :direction, :done, :digest, :held)",  # noqa: S608  # nosec B608 - a constant
            came_from=self._came_from(),
            direction=self._direction(),
            done=done,
            digest=digest,
            held=held,
        )
        course.is_kept, course.held = True, held

    def _lock(self, course: Course) -> None:
        for name in course.held:
            self._run(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
        course.held = []

    def _create_index(self, course: Course, construct: CreateIndex, is_due: bool) -> None:
        index = construct.element
        name = str(index.name)
        is_built_here = index.unique or not self._has_rows(self._quoted(str(index.table)))
        if is_due and is_built_here:
            self._let_readers_in(course)
            super()._exec(construct)
        elif not self._table_of(name):
            index.dialect_options["postgresql"]["concurrently"] = True
            course.later.append((name, str(CreateIndex(index).compile(dialect=self.dialect))))

    def _drop_index(self, course: Course, construct: DropIndex, is_due: bool) -> None:
        name = str(construct.element.name)
        going = f"going_{name}"[:_LONGEST_NAME]
        table = self._table_of(name)
        if is_due and table and self._has_rows(table):
            # What it is good for (one address, one account) it goes on to be until the end.
            self._run(f"ALTER INDEX {self._quoted(name)} RENAME TO {self._quoted(going)}")
        elif is_due:
            super()._exec(construct)
        if self._table_of(going):
            course.later.append((going, ""))

    def _let_go_of_indexes(self, course: Course) -> None:
        """Drop now what would go at the end: an index may call the function that goes next."""
        for name, _ in [pair for pair in course.later if not pair[1]]:
            # It may have gone already with a column that it was over.
            self._run(f"DROP INDEX IF EXISTS {self._quoted(name)}")
        course.later = [pair for pair in course.later if pair[1]]

    def _is_constraint(self, construct: Any) -> bool:
        """Whether each row of a table that has some would be looked at."""
        if isinstance(construct, ColumnNullable):
            return not construct.nullable and self._has_rows(self._quoted(construct.table_name))
        return (
            isinstance(construct, AddConstraint)
            and isinstance(construct.element, CheckConstraint | ForeignKeyConstraint)
            and self._has_rows(self._quoted(construct.element.table.name))
        )

    def _constrain(self, course: Course, construct: Any, statement: str) -> None:
        if isinstance(construct, AddConstraint):
            table = self._quoted(construct.element.table.name)
            self._hold_to(course, table, str(construct.element.name), statement)
            return
        table, column = self._quoted(construct.table_name), self._quoted(construct.column_name)
        name = f"going_{construct.table_name}_{construct.column_name}"[:_LONGEST_NAME]
        # PostgreSQL sees by a validated check that it has no row to look at.
        adding = f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL)"
        self._hold_to(course, table, name, adding)
        self._run(statement)
        self._run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def _hold_to(self, course: Course, table: str, name: str, adding: str) -> None:
        """Hold new rows to a constraint at once, and try the others when nobody is shut out."""
        if not self._ask(_CONSTRAINT, table=table, name=name):
            self._run(f"{adding} NOT VALID")
        self._let_readers_in(course)
        self._run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {self._quoted(name)}")

    def _table_of(self, index: str) -> str:
        return self._ask(_TABLE_OF_INDEX, name=self._quoted(index)) or ""

    def _has_rows(self, table: str) -> bool:
        return bool(self._ask(f"SELECT EXISTS (SELECT FROM {table})"))  # noqa: S608  # nosec B608 - a table's name

    def _came_from(self) -> str:
        return ", ".join(context.get_context().get_current_heads())

    def _direction(self) -> str:
        return str(context.config.attributes["direction"])

    def _quoted(self, name: str) -> str:
        return self.dialect.identifier_preparer.quote(name)

    def _ask(self, statement: str, **values: Any) -> Any:
        return self._run(statement, **values).scalar()

    def _run(self, statement: str, **values: Any) -> CursorResult[Any]:
        connection = context.get_bind()
        if values:
            return connection.execute(text(statement), values)
        # One that was compiled has its colons as they are to be.
        return connection.exec_driver_sql(statement)
