"""Alembic's entry: the connection is handed in, so that this file reads no settings."""

from importlib import import_module

from alembic import context
from sqlalchemy import text
from sqlalchemy.schema import SchemaItem

from app.core.gentle_migrations import LOCK_TIMEOUT
from app.core.models import Base

for room in (
    "core.idempotency_model",
    "core.audit_model",
    "mail.models",
    "storage.models",
    "accounts.models",
    "organizations.models",
    "webhooks.models",
    "notifications.models",
    "claims.models",
    "claims.models_engine",
    "jobs.models",
    "resumes.models",
    "applications.models",
    "searches.models",
    "interviews.models",
    "integrations.models",
    "analysis.models",
    "optimus.models",
):
    import_module(f"app.{room}")


def include_object(
    item: SchemaItem, _name: str | None, _kind: str, _reflected: bool, _other: SchemaItem | None
) -> bool:
    """Leave mapped views out of the comparison with the schema."""
    return not item.info.get("is_view", False)


def migrate() -> None:
    """Run on the connection of the caller, waiting for no lock longer than `LOCK_TIMEOUT`."""
    connection = context.config.attributes["connection"]
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    # Else all migrations would run in the one transaction that this statement has begun.
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=include_object,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate()
