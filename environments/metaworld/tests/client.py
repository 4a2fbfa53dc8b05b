"""A simulator process and the executor's side of the wire."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgpack

HOME = Path(__file__).resolve().parent.parent
"""The family's folder."""

PATIENCE_SECONDS = 60


class Client:
    """Starts a simulator and asks it. A simulator that does not answer in time is killed, which fails the test."""

    def __init__(self, command: list[str] | None = None) -> None:
        self._process = subprocess.Popen(
            command or [sys.executable, "-m", "simulator"],
            cwd=HOME,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends one request and returns its reply."""
        return self.ask_raw(msgpack.packb(request))

    def ask_raw(self, body: bytes) -> dict[str, Any]:
        """Sends one frame of any content and returns the reply."""
        self.send(len(body).to_bytes(4, "big") + body)
        with self._watched():
            header = self._process.stdout.read(4)
            return msgpack.unpackb(self._process.stdout.read(int.from_bytes(header, "big")))

    def send(self, data: bytes) -> None:
        """Writes bytes as they are."""
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def end(self) -> tuple[int, bytes]:
        """Ends the input. Returns the exit code and whatever was still written."""
        self._process.stdin.close()
        with self._watched():
            rest = self._process.stdout.read()
            return self._process.wait(), rest

    def _watched(self) -> "_Watch":
        return _Watch(self._process)


class _Watch:
    """Kills the process if the block takes too long."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._timer = threading.Timer(PATIENCE_SECONDS, process.kill)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def reset(client: Client, environment: str, seed: int, images: bool = False) -> dict[str, Any]:
    """Resets and returns the observation."""
    return client.ask(type="reset", environment=environment, seed=seed, images=images)["observation"]


def step(client: Client, **continuous: list[float]) -> dict[str, Any]:
    """Steps with these channels and returns the whole reply."""
    return client.ask(type="step", action={"continuous": continuous, "discrete": {}, "extra": {}})
