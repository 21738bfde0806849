"""Objects in Amazon S3 or in a store that speaks its protocol: the only file that knows boto3.

boto3 blocks, so its calls run in a few threads of this store's own. Its usual limits, a minute for
each silence and that several times over, would make a frozen endpoint cost minutes: ours are short.
"""

import asyncio
import base64
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from app.core.settings_files import FileSettings
from app.storage.base import OUR_PREFIXES, AlreadyThere, Kind, NoSuchObject, Stat, StoreTrouble

T = TypeVar("T")
_THREADS: Final = 8
_PIECE: Final = 256 * 1024
# What is larger goes in parts: a broken connection then costs a part, and each has its checksum.
_PART: Final = 8 * 1024 * 1024
_DIGEST: Final = "sha256"
_GONE: Final = frozenset({"NoSuchKey", "NoSuchUpload", "404", "NotFound"})
_LINK_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for a connection and for each silence, and how often a call is tried."""

    connect_seconds: float = 2.0
    read_seconds: float = 10.0
    tries: int = 2


class S3Store:
    """One bucket. An object is written once: its key is never written again."""

    kind: Kind = "s3"

    def __init__(self, settings: FileSettings, *, patience: Patience | None = None) -> None:
        self._settings = settings
        self._bucket = settings.aws_bucket_name
        self._patience = patience or Patience()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._making = threading.Lock()
        self._made: Any = None

    async def put(self, key: str, content: bytes, *, content_type: str, sha256: str) -> str | None:
        """See `Store`; the version is the entity tag, which a reader insists on."""
        write = self._put_parts if len(content) > _PART else self._put_whole
        about = {"Key": key, "ContentType": content_type, "Metadata": {_DIGEST: sha256}}
        return _tag(await self._off_the_loop(write, content, about))

    @asynccontextmanager
    async def open(self, key: str, version: str | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `Store`."""
        only = {"IfMatch": f'"{version}"'} if version else {}
        try:
            found = await self._off_the_loop(self._ask, "get_object", Key=key, **only)
        except AlreadyThere:
            raise StoreTrouble("changed") from None
        body = found["Body"]

        async def pieces() -> AsyncIterator[bytes]:
            while piece := await self._off_the_loop(body.read, _PIECE):
                yield piece

        try:
            yield pieces()
        finally:
            body.close()

    async def stat(self, key: str) -> Stat | None:
        """See `Store`."""
        try:
            found = await self._off_the_loop(self._ask, "head_object", Key=key)
        except NoSuchObject:
            return None
        digest = found["Metadata"].get(_DIGEST)
        return Stat(key, found["ContentLength"], digest, _tag(found), found["LastModified"])

    async def delete(self, key: str) -> None:
        """See `Store`; a bucket with versions keeps what its own rules say."""
        with suppress(NoSuchObject):
            await self._off_the_loop(self._ask, "delete_object", Key=key)

    async def browse(self, prefix: str) -> AsyncIterator[Stat]:
        """See `Store`; the list comes in pages of a thousand."""
        more: dict[str, Any] = {}
        while True:
            page = await self._off_the_loop(
                self._ask, "list_objects_v2", Prefix=f"{prefix}/" if prefix else "", **more
            )
            for one in page.get("Contents", []):
                yield Stat(one["Key"], one["Size"], None, _tag(one), one["LastModified"])
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    async def link(self, key: str, version: str | None, *, content_type: str) -> str:  # noqa: ARG002 - other stores' links name it.
        """An address that gives the object, as a download, to whoever has it for five minutes."""
        client = await self._off_the_loop(self._client)
        about = {"ResponseContentType": content_type, "ResponseContentDisposition": "attachment"}
        place = {"Bucket": self._bucket, "Key": key, **about}
        return str(
            client.generate_presigned_url("get_object", Params=place, ExpiresIn=_LINK_SECONDS)
        )

    async def tidy(self, before: datetime) -> int:
        """See `Store`: parts of uploads that nobody completed."""
        ended: set[str] = set()
        for prefix in OUR_PREFIXES:
            is_more = True
            while is_more:
                # Stores differ in how they go on with a long list: what was ended is no longer in it.
                page = await self._off_the_loop(self._ask, "list_multipart_uploads", Prefix=prefix)
                old = {
                    each["UploadId"]: each["Key"]
                    for each in page.get("Uploads", [])
                    if each["Initiated"] < before and each["UploadId"] not in ended
                }
                for upload, key in old.items():
                    await self._give_up(key, upload)
                ended.update(old)
                is_more = bool(old) and page.get("IsTruncated", False)
        return len(ended)

    async def _give_up(self, key: str, upload: str) -> None:
        with suppress(NoSuchObject):
            await self._off_the_loop(self._ask, "abort_multipart_upload", Key=key, UploadId=upload)

    async def close(self) -> None:
        """See `Store`; a call that still hangs ends by its own limits."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._made is not None:
            self._made.close()

    async def _off_the_loop(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(_guarded, work, *args, **kwargs))

    def _client(self) -> Any:
        # A client takes a tenth of a second to make, and may be used by all threads.
        with self._making:
            if self._made is None:
                self._made = _open_client(self._settings, self._patience)
            return self._made

    def _ask(self, verb: str, **what: Any) -> Any:
        return getattr(self._client(), verb)(Bucket=self._bucket, **what)

    def _put_whole(self, content: bytes, about: dict[str, Any]) -> Any:
        return self._ask(
            "put_object", Body=content, ContentMD5=_checksum(content), IfNoneMatch="*", **about
        )

    def _put_parts(self, content: bytes, about: dict[str, Any]) -> Any:
        key = about["Key"]
        begun = self._ask("create_multipart_upload", **about)["UploadId"]
        try:
            parts = [
                self._put_part(content[start : start + _PART], key, begun, number)
                for number, start in enumerate(range(0, len(content), _PART), 1)
            ]
            return self._ask(
                "complete_multipart_upload",
                Key=key,
                UploadId=begun,
                MultipartUpload={"Parts": parts},
                IfNoneMatch="*",
            )
        except (BotoCoreError, ClientError):
            # Parts of what was never completed are stored, paid for, and seen in no list.
            with suppress(BotoCoreError, ClientError):
                self._ask("abort_multipart_upload", Key=key, UploadId=begun)
            raise

    def _put_part(self, part: bytes, key: str, upload: str, number: int) -> dict[str, Any]:
        answer = self._ask(
            "upload_part",
            Key=key,
            UploadId=upload,
            PartNumber=number,
            Body=part,
            ContentMD5=_checksum(part),
        )
        return {"PartNumber": number, "ETag": answer["ETag"]}


def _open_client(settings: FileSettings, patience: Patience) -> Any:
    return boto3.session.Session().client(
        "s3",
        region_name=settings.aws_region,
        endpoint_url=settings.aws_endpoint_url or None,
        aws_access_key_id=settings.aws_access_key_id or None,
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value() or None,
        config=Config(
            connect_timeout=patience.connect_seconds,
            read_timeout=patience.read_seconds,
            retries={"mode": "standard", "total_max_attempts": patience.tries},
            max_pool_connections=_THREADS,
            # Other stores than Amazon's do not know the checksums that newer clients add.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
            s3={"addressing_style": settings.aws_addressing_style},
        ),
    )


def _checksum(content: bytes) -> str:
    """What the store compares with what it has received, in the one form that every store knows."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _tag(answer: Any) -> str:
    return str(answer["ETag"]).strip('"')


def _guarded(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    with _named_faults():
        return work(*args, **kwargs)


@contextmanager
def _named_faults() -> Iterator[None]:
    """boto3's faults as ours. None of its texts is passed on: they quote addresses and keys."""
    try:
        yield
    except ClientError as refusal:
        raise _meaning(refusal) from None
    except (ConnectTimeoutError, ReadTimeoutError):
        raise StoreTrouble("timeout") from None
    except (NoCredentialsError, PartialCredentialsError):
        raise StoreTrouble("no_credentials") from None
    except BotoCoreError as fault:
        raise StoreTrouble("unreachable") from fault


def _meaning(refusal: ClientError) -> Exception:
    name = str(refusal.response.get("Error", {}).get("Code", ""))
    status = int(refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if name in _GONE:
        return NoSuchObject()
    if status == 412:
        return AlreadyThere()
    if name == "NoSuchBucket":
        return StoreTrouble("bucket_missing")
    if status in (401, 403):
        return StoreTrouble("denied")
    return StoreTrouble(f"status_{status}")
