"""What the local Cloudinary does wrong on purpose."""

import pydantic


class Faults(pydantic.BaseModel):
    """All switches; the default is a new account, which blocks the delivery of PDFs."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    pdf_blocked: bool = True
    """The CDN answers 401 for every PDF, whatever signs it: the setting of new accounts."""
    cdn_caches_401: bool = True
    """The CDN keeps such an answer for its exact address, also when the cause has gone."""
    api_status: int | None = pydantic.Field(default=None, ge=400, le=599)
    """What every call to the API answers."""
    download_status: int | None = pydantic.Field(default=None, ge=400, le=599)
    """What downloads at the API's host answer."""
    slow_seconds: float = pydantic.Field(default=0.0, ge=0.0, le=600.0)
    """Before each answer, and after the work was done: a timeout is not "not stored"."""
    cut_downloads: bool = False
    """The connection ends in the middle of each download."""
    damages: bool = False
    """What is kept differs from what was sent."""
