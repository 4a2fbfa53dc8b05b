"""Requests in, replies out: the table of ../PROTOCOL.md as a class. Nothing here knows what is simulated."""

import tomllib
import traceback
from pathlib import Path
from typing import Any

from .faults import FAULTS
from .point import BadAction, Point

with (Path(__file__).resolve().parent.parent / "family.toml").open("rb") as _file:
    FAMILY = tomllib.load(_file)
ENVIRONMENTS = [entry["id"] for entry in FAMILY["environments"]]
WORLDS = {"template/point-v0": Point, **FAULTS}


class Refused(Exception):
    """A request that cannot be answered as asked, with the protocol's kind of error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def error(kind: str, message: str) -> dict[str, Any]:
    """An error reply: one line of text."""
    return {"type": "error", "kind": kind, "message": " ".join(message.split())[:500]}


class Server:
    """Holds the one episode under way and answers requests about it."""

    def __init__(self) -> None:
        self._world: Point | None = None
        self._images = False
        self._steps = 0
        self._done = False

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answers one request. Whatever goes wrong becomes an error reply, and the next request is welcome."""
        handlers = {"hello": self._hello, "reset": self._reset, "step": self._step}
        try:
            handler = handlers.get(_field(request, "type", str))
            if handler is None:
                raise Refused("request", f"unknown type {request['type']!r:.80}")
            return handler(request)
        except BadAction as fault:
            return error("action", str(fault))
        except Refused as fault:
            return error(fault.kind, str(fault))
        except Exception as fault:  # the last resort, told to both sides
            traceback.print_exc()
            self._world = None  # it may be half stepped
            return error("internal", f"{type(fault).__name__}: {fault}")

    def _hello(self, request: dict[str, Any]) -> dict[str, Any]:
        if _field(request, "version", int) != 1:
            raise Refused("request", "only version 1 is spoken here")
        return {"type": "hello", "version": 1, "family": FAMILY["name"], "environments": ENVIRONMENTS}

    def _reset(self, request: dict[str, Any]) -> dict[str, Any]:
        name, seed = _field(request, "environment", str), _field(request, "seed", int)
        images = _field(request, "images", bool)
        if name not in WORLDS:
            raise Refused("environment", f"no environment {name!r:.80}")
        if not 0 <= seed < 2**63:
            raise Refused("request", f"seed {seed} is not in 0 to 2^63 - 1")
        self._world, self._images, self._steps, self._done = WORLDS[name](seed), images, 0, False
        return {"type": "observation", "observation": self._observation()}

    def _step(self, request: dict[str, Any]) -> dict[str, Any]:
        action = _field(request, "action", dict)
        if self._world is None or self._done:
            raise Refused("request", "step without an episode under way")
        reward, success = self._world.step(action)
        self._steps += 1
        self._done = success or self._steps >= FAMILY["max_steps"]
        return {
            "type": "step",
            "observation": self._observation(),
            "reward": reward,
            "done": self._done,
            "success": success,
        }

    def _observation(self) -> dict[str, Any]:
        rgb = {"top": self._world.picture()} if self._images else {}
        rest = {"depth": {}, "cam_intrinsics": {}, "cam_extrinsics": {}, "extra": {}}
        return {"rgb": rgb, "proprio": self._world.proprioception(), **rest}


def _field(request: dict[str, Any], name: str, kind: type) -> Any:
    """Takes a field of exactly this type (a bool is not an int here)."""
    value = request.get(name)
    if type(value) is not kind:
        raise Refused("request", f"field {name!r} is missing or not of type {kind.__name__}")
    return value
