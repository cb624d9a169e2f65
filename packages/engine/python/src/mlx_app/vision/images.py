"""Decodes the images of a request, within limits. Needs the optional packages for images."""

# Pillow is an extra.
# pyright: reportMissingImports=false

import base64
import binascii
from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageOps

from ..errors import EngineError

# Limits of our choice: enough for the photo of a good phone, small enough for 8 GB of memory.
MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_PIXELS_OF_CALL = 100_000_000
MAX_IMAGES = 64
FORMATS = ("PNG", "JPEG", "WEBP")


def decode_images(images: Sequence[str]) -> list[Image.Image]:
    """Returns the images of one call in RGB, upright, with transparent parts in white.

    No address is fetched and no file is read. Runs on any thread. Raises EngineError
    INVALID_REQUEST, which says which image is wrong and why.
    """
    if len(images) > MAX_IMAGES:
        raise EngineError(
            "INVALID_REQUEST",
            f"The chat has {len(images)} images; at most {MAX_IMAGES} are allowed.",
        )
    decoded: list[Image.Image] = []
    pixels = 0
    for number, data in enumerate(images, 1):
        image = _open(_bytes(data, number), number)
        pixels += image.width * image.height
        if pixels > MAX_PIXELS_OF_CALL:
            raise _wrong(
                number,
                f"makes {pixels} pixels with the images before it; "
                f"at most {MAX_PIXELS_OF_CALL} are allowed.",
            )
        decoded.append(_pixels(image, number))
    return decoded


def _bytes(data: str, number: int) -> bytes:
    # Four characters are three bytes, so a text that is too long is refused before it is decoded.
    if len(data) * 3 // 4 > MAX_BYTES + 3:
        raise _too_long(len(data) * 3 // 4, number)
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _wrong(
            number,
            "is not in base64. Send the content of the file; addresses and paths are not read.",
        ) from error
    if len(content) > MAX_BYTES:
        raise _too_long(len(content), number)
    return content


def _open(content: bytes, number: int) -> Image.Image:
    """Reads the header of an image and checks its size; decodes nothing yet."""
    try:
        image = Image.open(BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _wrong(number, f"has too many pixels; at most {MAX_PIXELS} are allowed.") from error
    except Exception as error:  # Pillow raises many kinds for a damaged header
        raise _wrong(
            number,
            f"can't be read: it is not a PNG, JPEG or WebP file, or it is damaged ({error}).",
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise _wrong(
            number,
            f"has {image.width} x {image.height} = {image.width * image.height} pixels; "
            f"at most {MAX_PIXELS} are allowed.",
        )
    return image


def _pixels(image: Image.Image, number: int) -> Image.Image:
    try:
        turned = ImageOps.exif_transpose(image)
        if not turned.has_transparency_data:
            return turned.convert("RGB")
        layer = turned.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    except Exception as error:  # Pillow raises many kinds for damaged data
        raise _wrong(number, f"is damaged: {error}.") from error


def _too_long(size: int, number: int) -> EngineError:
    return _wrong(number, f"has {size} bytes; at most {MAX_BYTES} are allowed.")


def _wrong(number: int, what: str) -> EngineError:
    return EngineError("INVALID_REQUEST", f"Image {number} of the chat {what}")
