"""An object store: how it is reached, how long it is given, and what its errors mean."""

from __future__ import annotations

import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from dmart_tui.core.archives.ranges import IN_FLIGHT, Line
from dmart_tui.core.errors import Damaged, DmartTuiError, Failed, NotFound, Refused, UsageFault
from dmart_tui.core.profiles import DEFAULT, S3Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from dmart_tui.core.background import CancelToken
    from dmart_tui.core.config import Settings

T = TypeVar("T")

SCHEME: Final = "s3://"
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
PATIENCE: Final = 60.0
"""Seconds after which nothing is tried again."""
_WAITS: Final = (0.05, 0.2, 0.8, 2.0)
_LONGEST_KEY: Final = 1024
_LEARN: Final = 0.2
"""How much the last request counts in what is known of the line."""
_LONG_BODY: Final = 1 << 18
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_BUSY: Final = {429, 500, 502, 503, 504}
_CREDENTIALS: Final = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
    "RequestExpired", "AuthorizationQueryParametersError", "InvalidClientTokenId",
}  # fmt: skip
_OTHER_REGION: Final = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
NOT_THE_RANGE: Final = _CREDENTIALS | _OTHER_REGION
"""Codes of a bad request that is not so for the range it asks for."""


class Cut(Exception):
    """A reply ended before its last byte."""


@dataclass(frozen=True, slots=True)
class Where:
    """What a request is about, for its errors.

    Args:
        permission: what AWS calls the right to do it, such as `s3:GetObject`.
    """

    profile: str
    bucket: str
    key: str = ""
    permission: str = "s3:GetObject"

    def __str__(self) -> str:
        return f"{SCHEME}{self.profile}{'@' if self.profile else ''}{self.bucket}/{self.key}"


def parse_uri(uri: str) -> Where:
    """Read `s3://bucket/key` or `s3://profile@bucket/key`; the key is taken as it stands, nothing in it is decoded.

    Raises:
        UsageFault: it is none, or its bucket or key cannot exist.
    """
    place, _slash, key = uri.removeprefix(SCHEME).partition("/")
    profile, _at, bucket = place.rpartition("@")
    if not uri.startswith(SCHEME) or not _BUCKET.fullmatch(bucket):
        raise UsageFault("is no address of an object store", address=uri, hint="s3://bucket/key")
    check_key(key, uri)
    return Where(profile, bucket, key)


def check_key(key: str, address: str) -> None:
    """Refuse with `UsageFault` a key that no object can have."""
    try:
        long = len(key.encode()) > _LONGEST_KEY
    except UnicodeEncodeError:
        raise UsageFault("is no key: it is not UTF-8", address=address) from None
    if long:
        raise UsageFault(f"is no key: it is longer than {_LONGEST_KEY} bytes", address=address)


class Endpoint:
    """One server with one set of credentials, shared by all that read from it; safe to use from several threads.

    At most `IN_FLIGHT` requests run at once.
    """

    def __init__(self, profile: S3Profile, name: str = "") -> None:
        self.name = name
        self.has_suffix_ranges = True
        """Whether it answers `bytes=-N` rightly, as far as is known."""
        self._profile = profile
        self._slots = BoundedSemaphore(IN_FLIGHT)
        self._lock = Lock()
        self._line = Line()

    def where(self, bucket: str, key: str = "", permission: str = "s3:GetObject") -> Where:
        return Where(self.name, bucket, key, permission)

    @property
    def client(self) -> Any:
        """The client of boto3, made when first asked for (0.1 s).

        Raises:
            UsageFault: the profile names one of ~/.aws that is not there.
        """
        with self._lock:
            return self._client

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        own = self._profile
        config = Config(
            signature_version=UNSIGNED if own.anonymous else "s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=IN_FLIGHT,
            # Retries are counted and cancelled here.
            retries={"total_max_attempts": 1, "mode": "standard"},
            # rclone answers a range with the checksum of the whole object.
            response_checksum_validation="when_required",
            request_checksum_calculation="when_required",
        )
        styles = {style: config.merge(Config(s3={"addressing_style": style})) for style in ("auto", "path", "virtual")}
        try:
            core = Session()
            core.register_component("data_loader", _loader())
            session = boto3.Session(botocore_session=core, profile_name=own.profile or None)
            make = partial(
                session.client,
                "s3",
                endpoint_url=own.endpoint or None,
                region_name=own.region or session.region_name or "us-east-1",
                aws_access_key_id=own.access_key or None,
                aws_secret_access_key=own.secret_key or None,
            )
            if own.path_style is not None:
                return make(config=styles["path" if own.path_style else "virtual"])
            client = make(config=styles["auto"])
            return client if _is_aws(client.meta.endpoint_url) else make(config=styles["path"])
        except (BotoCoreError, ValueError) as error:
            raise UsageFault(f"cannot be set up: {error}", address=f"s3.profiles.{self.name}") from None

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        """Threads for requests at once."""
        return ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="dmart-s3")

    @property
    def line(self) -> Line:
        """What a request costs, learnt from the last ones."""
        return self._line

    def learn(self, latency: float, size: int, seconds: float) -> None:
        """Take in how long the headers of a reply took and how long its body."""
        known = self._line
        mixed = replace(known, latency=known.latency + _LEARN * (latency - known.latency))
        if size >= _LONG_BODY and seconds > 0:
            mixed = replace(mixed, bandwidth=known.bandwidth + _LEARN * (size / seconds - known.bandwidth))
        self._line = mixed

    def ask(self, send: Callable[[Any], T], where: Where, cancel: CancelToken | None = None) -> T:
        """Call `send` with the client, again where the server was busy or the connection was cut.

        Raises:
            Cancelled: `cancel` was cancelled.
            NotFound, Refused, Damaged, Failed, UsageFault: what the server said, with bucket, key and right.
        """
        started = time.monotonic()
        client = self.client
        waits = iter(_WAITS)
        while True:
            if cancel is not None:
                cancel.check()
            try:
                with self._slots:
                    return send(client)
            except Exception as error:
                wait = next(waits, None)
                if wait is None or time.monotonic() - started > PATIENCE or not passes(error):
                    raise explained(error, where) from None
            time.sleep(wait * random.uniform(0.5, 1.0))


def _is_aws(url: str) -> bool:
    """Whether a server has the buckets in its host names; those of others seldom do."""
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


@cache
def _loader() -> Any:
    """The descriptions of AWS's services, read once for all clients."""
    from botocore.loaders import create_loader

    return create_loader()


_endpoints: dict[tuple[str, S3Profile], Endpoint] = {}
_endpoints_lock = Lock()


def endpoint(name: str, settings: Settings | None = None) -> Endpoint:
    """The end point of a profile of the settings, the same for all who ask; an empty name: `default`, or AWS.

    Raises:
        UsageFault: there is no such profile.
    """
    profiles = settings.s3 if settings is not None else {}
    if name and name not in profiles:
        known = ", ".join(profiles) or "none"
        raise UsageFault(f"there is no profile {name!r} of an object store", hint=f"in the settings: {known}")
    profile = profiles.get(name or DEFAULT, S3Profile())
    with _endpoints_lock:
        return _endpoints.setdefault((name, profile), Endpoint(profile, name))


# -- errors -----------------------------------------------------------------------------------------------------------


def status_of(error: Exception) -> int:
    """The status of the reply that an error of boto3 is about, 0 where there was none."""
    reply = getattr(error, "response", None)
    status = reply.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(reply, dict) else 0
    return status if isinstance(status, int) else 0


def code_of(error: Exception) -> str:
    """The code an object store gave an error, such as `NoSuchKey`; empty where it gave none."""
    reply = getattr(error, "response", None)
    return str(reply.get("Error", {}).get("Code", "")) if isinstance(reply, dict) else ""


def passes(error: Exception) -> bool:
    """Whether the same request may succeed a moment later."""
    from botocore import exceptions
    from urllib3.exceptions import HTTPError

    if isinstance(error, exceptions.ClientError):
        return status_of(error) in _BUSY or code_of(error) in ("SlowDown", "RequestTimeout")
    if isinstance(error, exceptions.SSLError | exceptions.ProxyConnectionError | exceptions.InvalidProxiesConfigError):
        return False
    cut = Cut | exceptions.ConnectionError | exceptions.HTTPClientError | exceptions.IncompleteReadError | HTTPError
    return isinstance(error, cut)


def explained(error: Exception, where: Where) -> Exception:
    """An error of boto3 as one of ours; others as they are."""
    from botocore import exceptions
    from urllib3.exceptions import HTTPError

    address = str(where)
    if isinstance(error, exceptions.ClientError):
        return _answered(error, where, address)
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return Refused(
            "there are no credentials",
            address=address,
            hint="AWS_ACCESS_KEY_ID, ~/.aws or [s3.profiles.NAME] in the settings",
        )
    if isinstance(error, exceptions.ParamValidationError):
        return UsageFault("is no address of an object store", address=address)
    if isinstance(error, Cut | exceptions.IncompleteReadError | exceptions.ResponseStreamingError | HTTPError):
        return Damaged("the reply of the server ends too early", address=address)
    if isinstance(error, exceptions.ConnectTimeoutError | exceptions.ReadTimeoutError):
        return Failed("the server does not answer in time", address=address)
    if isinstance(error, exceptions.SSLError):
        return Failed("no safe connection to the server: its certificate is not trusted", address=address)
    if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
        return Failed("the server cannot be reached", address=address, hint="see its endpoint in the settings")
    if isinstance(error, exceptions.BotoCoreError) or type(error).__name__ == "ResponseParserError":
        return Failed(f"the server's answer is not understood ({type(error).__name__})", address=address)
    return error


def _answered(error: Exception, where: Where, address: str) -> DmartTuiError:
    code, status = code_of(error), status_of(error)
    if code == "NoSuchBucket":
        return NotFound(f"there is no bucket {where.bucket}", address=address)
    if status == 404 or code == "NoSuchKey":
        return NotFound("there is no such object" if where.key else "there is no such bucket", address=address)
    if code in _CREDENTIALS:
        return Refused(f"the server does not take the credentials ({code})", address=address)
    if code in _OTHER_REGION or status == 301:
        headers = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region = headers.get("x-amz-bucket-region", "")
        return Failed(
            "the bucket is in another region", address=address, hint=f"set region = {region!r}" * bool(region)
        )
    if status in (401, 403):
        target = f"{where.bucket}/{where.key}" if where.key else where.bucket or "all buckets"
        return Refused("the server denies access", address=address, hint=f"it needs {where.permission} on {target}")
    if status in _BUSY:
        return Failed(f"the server is busy or broken ({status})", address=address, hint="try again later")
    return Failed(f"the server refuses: {code or status}", address=address)
