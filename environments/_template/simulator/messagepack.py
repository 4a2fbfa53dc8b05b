"""The part of MessagePack that the protocol needs: nil, booleans, 64-bit numbers, strings, bytes, lists and maps."""

import struct
from typing import Any

MAX_DEPTH = 32
_FIXED = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {0xCA + i: format for i, format in enumerate((">f", ">d", ">B", ">H", ">I", ">Q", ">b", ">h", ">i", ">q"))}
_SIZED = {  # first byte -> (what follows, how its length is written)
    **{0xC4 + i: ("bytes", size) for i, size in enumerate((">B", ">H", ">I"))},
    **{0xD9 + i: ("string", size) for i, size in enumerate((">B", ">H", ">I"))},
    **{0xDC + i: ("list", size) for i, size in enumerate((">H", ">I"))},
    **{0xDE + i: ("map", size) for i, size in enumerate((">H", ">I"))},
}


def pack(value: Any) -> bytes:
    """Encodes a value. Lengths always take four bytes: longer than needed, and valid."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return b"\xcf" + value.to_bytes(8, "big") if value >= 0 else b"\xd3" + value.to_bytes(8, "big", signed=True)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        text = value.encode()
        return struct.pack(">BI", 0xDB, len(text)) + text
    if isinstance(value, bytes):
        return struct.pack(">BI", 0xC6, len(value)) + value
    if isinstance(value, list | tuple):
        return struct.pack(">BI", 0xDD, len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        return struct.pack(">BI", 0xDF, len(value)) + b"".join(pack(key) + pack(item) for key, item in value.items())
    raise TypeError(f"cannot pack {type(value).__name__}")


def unpack(data: bytes) -> Any:
    """Decodes exactly one value. Raises ValueError on anything else."""
    try:
        value, end = _value(data, 0, 0)
    except (IndexError, struct.error, TypeError) as error:  # TypeError: a list or map as a map's key
        raise ValueError(f"not MessagePack: {error}") from error
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes too many")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    """Decodes the value that starts at `at`. Returns it and where it ends."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    first, at = data[at], at + 1
    if first <= 0x7F or first >= 0xE0:
        return (first if first <= 0x7F else first - 256), at
    if first in _FIXED:
        return _FIXED[first], at
    if first in _NUMBERS:
        return struct.unpack_from(_NUMBERS[first], data, at)[0], at + struct.calcsize(_NUMBERS[first])
    if first <= 0xBF:
        if first >= 0xA0:
            return _sized(data, at, depth, "string", first & 31)
        return _sized(data, at, depth, "list" if first >= 0x90 else "map", first & 15)
    if first in _SIZED:
        kind, size = _SIZED[first]
        return _sized(data, at + struct.calcsize(size), depth, kind, struct.unpack_from(size, data, at)[0])
    raise ValueError(f"unknown first byte {first:#x}")


def _sized(data: bytes, at: int, depth: int, kind: str, length: int) -> tuple[Any, int]:
    """Decodes what has a length: text, bytes, or that many values (pairs for a map)."""
    if kind in ("string", "bytes"):
        if at + length > len(data):
            raise ValueError("ends inside a string")
        raw = data[at : at + length]
        return (raw.decode() if kind == "string" else raw), at + length
    items = []
    for _ in range(length * (2 if kind == "map" else 1)):
        item, at = _value(data, at, depth + 1)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if kind == "map" else items), at
