"""The settings of storage."""

from typing import Literal, Self

from pydantic import SecretStr, field_validator, model_validator

from app.core.settings_base import Room, variable


class FileSettings(Room):
    """Where files are kept. A file that is kept elsewhere already is still read from there."""

    storage_type: Literal["local", "s3", "cloudinary"] = variable(
        "STORAGE_TYPE", "local", "Where new files go: local, s3 or cloudinary"
    )
    local_storage_dir: str = variable(
        "LOCAL_STORAGE_DIR", ".intake/files", "Folder of the local store; a volume, in production"
    )
    aws_access_key_id: str = variable(
        "AWS_ACCESS_KEY_ID", "", "S3: the key's id; empty: the machine's own role"
    )
    aws_secret_access_key: SecretStr = variable("AWS_SECRET_ACCESS_KEY", "", "S3: its secret")
    aws_region: str = variable("AWS_REGION", "us-east-1", "S3: the bucket's region")
    aws_bucket_name: str = variable("AWS_BUCKET_NAME", "", "S3: the bucket, which must be private")
    aws_endpoint_url: str = variable(
        "AWS_ENDPOINT_URL", "", "S3: address of a store that is not Amazon's; empty: Amazon"
    )
    aws_addressing_style: Literal["auto", "path", "virtual"] = variable(
        "AWS_ADDRESSING_STYLE",
        "auto",
        "S3: the bucket in the path or in the host; auto, path, virtual",
    )
    cloudinary_cloud_name: str = variable("CLOUDINARY_CLOUD_NAME", "", "Cloudinary: the cloud")
    cloudinary_api_key: str = variable("CLOUDINARY_API_KEY", "", "Cloudinary: the key")
    cloudinary_api_secret: SecretStr = variable(
        "CLOUDINARY_API_SECRET", "", "Cloudinary: its secret"
    )
    cloudinary_api_url: str = variable(
        "CLOUDINARY_API_URL",
        "https://api.cloudinary.com",
        "Cloudinary: host of uploads and downloads",
    )
    cloudinary_delivery_url: str = variable(
        "CLOUDINARY_DELIVERY_URL",
        "https://res.cloudinary.com",
        "Cloudinary: host of its CDN, which Intake never reads from",
    )

    @field_validator("aws_endpoint_url", "cloudinary_api_url", "cloudinary_delivery_url")
    @classmethod
    def _without_closing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _refuse_half_a_store(self) -> Self:
        needed = {
            "local": {},
            "s3": {"AWS_BUCKET_NAME": self.aws_bucket_name},
            "cloudinary": {
                "CLOUDINARY_CLOUD_NAME": self.cloudinary_cloud_name,
                "CLOUDINARY_API_KEY": self.cloudinary_api_key,
                "CLOUDINARY_API_SECRET": self.cloudinary_api_secret.get_secret_value(),
            },
        }[self.storage_type]
        missing = [name for name, value in needed.items() if not value]
        if missing:
            raise ValueError(
                f"{', '.join(missing)} must be set for STORAGE_TYPE={self.storage_type}"
            )
        if bool(self.aws_access_key_id) != bool(self.aws_secret_access_key.get_secret_value()):
            raise ValueError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together")
        return self

    @property
    def has_cloudinary(self) -> bool:
        """Whether there is an account to speak to."""
        secret = self.cloudinary_api_secret.get_secret_value()
        return bool(self.cloudinary_cloud_name and self.cloudinary_api_key and secret)
