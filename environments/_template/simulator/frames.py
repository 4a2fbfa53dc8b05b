"""The wire: a 4-byte big-endian length, then one MessagePack map of that many bytes."""

from typing import Any, BinaryIO

from . import messagepack

MAX_BYTES = 16 * 1024 * 1024


class BrokenStream(Exception):
    """The stream cannot be followed any further: it ended inside a frame, or a frame is too large."""


class Malformed(Exception):
    """A whole frame arrived, but it is not one MessagePack map."""


def read(stream: BinaryIO) -> dict[str, Any] | None:
    """Reads the next frame. None at the end of input."""
    header = stream.read(4)
    if not header:
        return None
    length = int.from_bytes(header, "big")
    if len(header) < 4 or length > MAX_BYTES:
        raise BrokenStream(f"bad frame header {header.hex()}")
    body = stream.read(length)
    if len(body) < length:
        raise BrokenStream(f"input ended after {len(body)} of {length} bytes")
    try:
        message = messagepack.unpack(body)
    except ValueError as error:
        raise Malformed(str(error)) from error
    if not isinstance(message, dict):
        raise Malformed("not a map")
    return message


def write(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Writes one frame and flushes it."""
    body = messagepack.pack(message)
    stream.write(len(body).to_bytes(4, "big") + body)
    stream.flush()
