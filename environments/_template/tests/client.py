"""A simulator process and the executor's side of the wire."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from simulator import messagepack

PATIENCE_SECONDS = 20


class Client:
    """Starts a simulator and asks it. One that does not answer in time is killed, which fails the test."""

    def __init__(self) -> None:
        home = Path(__file__).resolve().parent.parent
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([sys.executable, "-m", "simulator"], cwd=home, **pipes)
        self._watch = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        self._watch.start()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        self.process.kill()
        self.process.communicate()

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends one request and returns its reply."""
        return self.ask_raw(messagepack.pack(request))

    def ask_raw(self, body: bytes) -> dict[str, Any]:
        """Sends one frame of any content and returns the reply."""
        self.send(body)
        header = self.process.stdout.read(4)
        return messagepack.unpack(self.process.stdout.read(int.from_bytes(header, "big")))

    def send(self, body: bytes) -> None:
        """Sends one frame."""
        self.process.stdin.write(len(body).to_bytes(4, "big") + body)
        self.process.stdin.flush()

    def reset(self, environment: str, seed: int = 1, images: bool = False) -> dict[str, Any]:
        """Resets and returns the observation."""
        return self.ask(type="reset", environment=environment, seed=seed, images=images)["observation"]

    def step(self, **continuous: list[float]) -> dict[str, Any]:
        """Steps with these channels and returns the whole reply."""
        return self.ask(type="step", action={"continuous": continuous, "discrete": {}, "extra": {}})
