"""Requests in, replies out: the table of ../PROTOCOL.md as a class."""

import sys
import traceback
from typing import Any

from . import catalogue
from .cameras import Cameras
from .channels import BadAction
from .episode import Episode

VERSION = 1
_MAX_SEED = 2**63 - 1


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
        self._cameras = Cameras()
        self._episode: Episode | None = None
        self._handlers = {"hello": self._hello, "reset": self._reset, "step": self._step}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answers one request. Whatever goes wrong becomes an error reply, and the next request is welcome."""
        try:
            handler = self._handlers.get(_field(request, "type", str))
            if handler is None:
                raise Refused("request", f"unknown type {request['type']!r:.80}")
            return handler(request)
        except BadAction as fault:
            return error("action", str(fault))
        except Refused as fault:
            return error(fault.kind, str(fault))
        except Exception as fault:  # noqa: BLE001: the last resort, told to both sides
            traceback.print_exc(file=sys.stderr)
            self._episode = None  # it may be half stepped
            return error("internal", f"{type(fault).__name__}: {fault}")

    def close(self) -> None:
        """Lets go of everything."""
        self._episode = None
        self._cameras.close()

    def _hello(self, request: dict[str, Any]) -> dict[str, Any]:
        version = _field(request, "version", int)
        if version != VERSION:
            raise Refused("request", f"version {version} is not spoken here, {VERSION} is")
        return {"type": "hello", "version": VERSION, "family": catalogue.NAME, "environments": list(catalogue.TASKS)}

    def _reset(self, request: dict[str, Any]) -> dict[str, Any]:
        environment = _field(request, "environment", str)
        seed = _field(request, "seed", int)
        images = _field(request, "images", bool)
        if environment not in catalogue.TASKS:
            raise Refused("environment", f"no environment {environment!r:.80}")
        if not 0 <= seed <= _MAX_SEED:
            raise Refused("request", f"seed {seed} is not in 0 to 2^63 - 1")
        self._episode = None
        self._episode = Episode(environment, seed, self._cameras if images else None)
        return {"type": "observation", "observation": self._episode.observation()}

    def _step(self, request: dict[str, Any]) -> dict[str, Any]:
        action = _field(request, "action", dict)
        if not isinstance(action.get("continuous", {}), dict) or not isinstance(action.get("discrete", {}), dict):
            raise Refused("request", "an action's channels are not maps")
        if self._episode is None:
            raise Refused("request", "step before reset")
        if self._episode.done:
            raise Refused("request", "step after the episode is done")
        outcome = self._episode.step(action)
        return {
            "type": "step",
            "observation": self._episode.observation(),
            "reward": outcome.reward,
            "done": outcome.done,
            "success": outcome.success,
        }


def _field(request: dict[str, Any], name: str, kind: type) -> Any:
    """Takes a field of exactly this type (a bool is not an int here)."""
    value = request.get(name)
    if type(value) is not kind:
        raise Refused("request", f"field {name!r} is missing or not of type {kind.__name__}")
    return value
