"""A third purpose of one-time tokens: the sign-in link that `intake dev` prints."""

from alembic import op

revision = "0025_welcome"
down_revision = "0022a_fresh_scores"
branch_labels = None
depends_on = None

_TABLE = "address_proofs"
_NAME = "ck_address_proofs_purpose"
_MAILED = "'password_reset', 'email_verification'"


def upgrade() -> None:
    _allow(f"{_MAILED}, 'welcome'")


def downgrade() -> None:
    op.execute("DELETE FROM address_proofs WHERE purpose = 'welcome'")
    _allow(_MAILED)


def _allow(purposes: str) -> None:
    op.drop_constraint(op.f(_NAME), _TABLE, type_="check")
    op.create_check_constraint(op.f(_NAME), _TABLE, f"purpose IN ({purposes})")
