"""What can go wrong between the operator and the API server, as types."""

import json


class ApiError(Exception):
    """A request that the API server did not carry out."""

    def __init__(self, message: str, status: int = 0, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; 0 where there was no answer."""
        self.retry_after = retry_after
        """Seconds that the API server wants us to wait."""


class NameTakenError(ApiError):
    """409 on a create: an object of this name exists."""


class ConflictError(ApiError):
    """409: what we know of the object is out of date."""


class GoneError(ApiError):
    """The object that we meant does not exist any more; its name may be another's by now."""


class NotFoundError(ApiError):
    """404: no such object, namespace or kind."""


class InvalidError(ApiError):
    """400 or 422: the object as we wrote it is not allowed."""


class ForbiddenError(ApiError):
    """403: not allowed by RBAC, quota, Pod Security or another admission check."""


class UnavailableError(ApiError):
    """The API server can't answer now (429, 5xx, 401 while a token is renewed), or not at all."""


class NotYetError(UnavailableError):
    """403 while the API server's admission has not learned of our new CRDs: half a minute at most.

    OwnerReferencesPermissionEnforcement looks owners' kinds up in a cache of its own.
    """


_NOT_YET = "cannot find RESTMapping"

_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidError,
    401: UnavailableError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: InvalidError,
    429: UnavailableError,
}


def from_response(status: int, body: bytes, retry_after: str | None) -> ApiError:
    """Turn an error response, usually a `Status` object, into an exception."""
    message, reason, details = _read_status(body)
    kind = _BY_STATUS.get(status, UnavailableError if status >= 500 else ApiError)
    if status == 409 and reason == "AlreadyExists":
        kind = NameTakenError
    if status == 403 and _NOT_YET in message:
        kind = NotYetError
    seconds = retry_after or details.get("retryAfterSeconds")
    return kind(message or f"HTTP status {status}", status, _to_seconds(seconds))


def _read_status(body: bytes) -> tuple[str, str, dict[str, object]]:
    try:
        status = json.loads(body)
    except ValueError:
        return body[:300].decode(errors="replace").strip(), "", {}
    if not isinstance(status, dict):
        return "", "", {}
    return status.get("message") or "", status.get("reason") or "", status.get("details") or {}


def _to_seconds(value: object) -> float:
    """Kubernetes sends Retry-After in seconds; a date, which HTTP allows too, counts as none."""
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return 0.0
