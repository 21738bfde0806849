"""What comes in about one's own data."""

from pydantic import ConfigDict, SecretStr

from app.core.schema import In


class ErasureIn(In):
    """The password of the account that is to be erased; accounts without one send nothing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"current_password": "correct horse battery staple"}]}
    )

    current_password: SecretStr | None = None
