"""Turns failures of the hub into errors that say what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

import httpx2
from huggingface_hub import constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from ..errors import EngineError
from .session import cause_of

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
LOG_IN = "set HF_TOKEN to a token of that account, or log in with: hf auth login"


@contextmanager
def translated_errors(repository: str, revision: str | None = None) -> Iterator[None]:
    """Turns what is raised inside into an EngineError."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        raise explain(cause_of(error), repository, revision) from error


def explain(error: Exception, repository: str, revision: str | None) -> EngineError:
    """Returns the error for a failure: MODEL_GATED, MODEL_NOT_FOUND, ACCESS_DENIED, DISK_FULL or
    DOWNLOAD_FAILED.
    """
    page = f"{constants.ENDPOINT}/{repository}"
    match error:
        case GatedRepoError():
            who = "your account" if get_token() is None else "the account of the token in use"
            return EngineError(
                "MODEL_GATED",
                f"{repository} is gated: its owner must give your account access.",
                f"Ask for access on {page} with {who}; then {LOG_IN}",
            )
        case RepositoryNotFoundError():
            return EngineError(
                "MODEL_NOT_FOUND",
                f"The hub has no model {repository}, or it is private.",
                f"Check the name on {constants.ENDPOINT}/models. If it is private to an account, "
                f"{LOG_IN}",
            )
        case RevisionNotFoundError():
            return EngineError(
                "MODEL_NOT_FOUND",
                f"{repository} has no revision {revision or constants.DEFAULT_REVISION}.",
                f"Its branches, tags and commits are on {page}/tree/main",
            )
        case HFValidationError():
            return EngineError(
                "MODEL_NOT_FOUND", f"{repository} is not a valid model name: {error}"
            )
        case HfHubHTTPError():
            return _by_status(error, repository, page)
        case JSONDecodeError():
            return EngineError(
                "DOWNLOAD_FAILED",
                f"{constants.ENDPOINT} does not answer like the hub.",
                "Open it in a browser: a login page of the network or a proxy may answer in its "
                "place, or HF_ENDPOINT may be wrong.",
            )
        case ValueError():
            return EngineError(
                "DOWNLOAD_FAILED", f"{repository} has a file that can't be stored here: {error}"
            )
        case OfflineModeIsEnabled():
            return EngineError(
                "DOWNLOAD_FAILED",
                f"HF_HUB_OFFLINE is set, so the hub is not asked for {repository}.",
                "Unset HF_HUB_OFFLINE, or choose a model that is on disk.",
            )
        case OSError() if error.errno in NO_SPACE:
            return EngineError(
                "DISK_FULL", f"The disk is full: {repository} could not be stored. ({error})"
            )
        case OSError() if error.filename is not None:
            return EngineError(
                "DOWNLOAD_FAILED",
                f"{repository} could not be stored: {error}",
                "Make that folder writable, or set HF_HOME to another one.",
            )
        case _:
            return EngineError(
                "DOWNLOAD_FAILED",
                f"The download of {repository} from {constants.ENDPOINT} failed: "
                f"{str(error) or type(error).__name__}",
                "Check the network (HTTPS_PROXY, SSL_CERT_FILE and HF_ENDPOINT are used) and run "
                "the same command again: it continues where it stopped. "
                "The model hello needs no download.",
            )


def _by_status(error: HfHubHTTPError, repository: str, page: str) -> EngineError:
    status = error.response.status_code
    if status in (401, 403):
        how = "without a token" if get_token() is None else "with the token in use"
        return EngineError(
            "ACCESS_DENIED",
            f"The hub refuses access to {repository} {how} (status {status}).",
            f"Create a token that can read it on {constants.ENDPOINT}/settings/tokens; then set "
            "HF_TOKEN to it, or log in with: hf auth login",
        )
    if status == 429:
        after = error.response.headers.get("Retry-After", "")
        wait = f"{after} s" if after.isdigit() else "a few minutes"
        return EngineError(
            "DOWNLOAD_FAILED",
            f"The hub had too many requests from here (status 429) and did not send {repository}.",
            f"Wait {wait} and run the same command again: it continues where it stopped. "
            "With HF_TOKEN set, the hub allows more.",
        )
    return EngineError(
        "DOWNLOAD_FAILED",
        f"The hub answers with status {status} for {repository}.",
        f"Run the same command again later: it continues where it stopped. See {page}",
    )
