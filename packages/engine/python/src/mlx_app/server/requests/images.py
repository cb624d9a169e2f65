"""Reads the images of a request."""

import base64
import binascii
import re

from ..errors import ApiError, invalid
from ..services import Services
from .history import HistoryChanges

# The largest image, which is also the worker's limit.
_MAX_BYTES = 16 * 1024 * 1024
_DATA_URL = re.compile(r"data:([^;,]*);base64,", re.IGNORECASE)
_MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/webp"})
_EXPECTED = "expected a base64 data URL of a PNG, JPEG or WebP file. This server downloads nothing."


class Images:
    """Reads the images of one request, which must contain them."""

    def __init__(self, services: Services, model: str | None) -> None:
        self._engine = services.model.engine
        self._model = model
        self._checked = False

    async def from_url(self, url: str, param: str) -> bytes:
        """Returns the bytes of an image. `param` is its path in the body.

        Raises ApiError 400 if the model does not accept images, or if the image is invalid.
        """
        await self._require_vision(param)
        inline = _DATA_URL.match(url)
        if inline is None or inline[1].lower() not in _MEDIA_TYPES:
            raise invalid(f"{param}: {_EXPECTED}", param)
        data = url[inline.end() :]
        if len(data) > _MAX_BYTES / 3 * 4 + 4:
            raise invalid(f"{param}: an image can have at most {_MAX_BYTES} bytes.", param)
        try:
            image = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise invalid(f"{param}: invalid base64.", param) from None
        if not _is_image(image):
            raise invalid(f"{param}: not a PNG, JPEG or WebP file.", param)
        return image

    async def from_url_or_none(self, url: str, param: str, changes: HistoryChanges) -> bytes | None:
        """Returns the bytes of an image, or None if the model does not accept images.

        Raises ApiError 400 if the image is invalid.
        """
        try:
            return await self.from_url(url, param)
        except ApiError as error:
            if error.code != "unsupported":
                raise
        changes.add(param, "the image was left out, because this model does not accept images")
        return None

    async def _require_vision(self, param: str) -> None:
        """Checks that the model accepts images, which is known only after it is loaded."""
        if self._checked:
            return
        loaded = await self._engine.load_model(self._model, download=False)
        if "images" not in loaded.capabilities:
            message = f"{param}: this model does not accept images."
            raise ApiError(400, "unsupported", message, param=param)
        self._checked = True


def _is_image(data: bytes) -> bool:
    """Returns whether the first bytes are those of an image. Its media type may be wrong."""
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (
        data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    )
