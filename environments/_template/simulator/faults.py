"""Worlds that go wrong at the third step, for the tests of those who run simulators. Not named in `hello`.

A real family has no such file.
"""

import os
import signal
import sys
import time
from typing import Any

from . import frames
from .point import Point

FAULTY_STEP = 3
FLOOD_BYTES = 8 * 1024 * 1024
ALLOCATION_BYTES = 16 * 1024 * 1024
MOST_BYTES = 512 * 1024 * 1024
"""Where `oom-v0` ends itself as the kernel would: without a container around it nothing else stops it."""


class Faulty(Point):
    """A normal point until its third step."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._steps = 0

    def step(self, action: dict[str, Any]) -> tuple[float, bool]:
        """Goes wrong when it is time to, else steps."""
        self._steps += 1
        if self._steps == FAULTY_STEP:
            self.fault()
        return super().step(action)

    def fault(self) -> None:
        """What goes wrong."""
        raise NotImplementedError


class Crash(Faulty):
    """Exits with 137, as if killed."""

    def fault(self) -> None:
        os._exit(137)


class Hang(Faulty):
    """Never answers, and does not notice the end of its input either."""

    def fault(self) -> None:
        while True:
            time.sleep(3600)


class Flood(Faulty):
    """Writes 8 MiB to standard error, then goes on."""

    def fault(self) -> None:
        line = b"x" * 1023 + b"\n"
        for _ in range(FLOOD_BYTES // len(line)):
            sys.stderr.buffer.write(line)
        sys.stderr.flush()


class Garbage(Faulty):
    """Answers with the length of a frame that is larger than any may be."""

    def fault(self) -> None:
        def write(stream: Any, message: dict[str, Any]) -> None:
            stream.write(b"\xff\xff\xff\xff" + repr(message).encode())
            stream.flush()

        frames.write = write


class Slow(Point):
    """Takes 50 ms for every step."""

    def step(self, action: dict[str, Any]) -> tuple[float, bool]:
        """Sleeps, then steps."""
        time.sleep(0.05)
        return super().step(action)


class Oom(Faulty):
    """Takes memory until it is killed."""

    def fault(self) -> None:
        taken = []
        while len(taken) * ALLOCATION_BYTES < MOST_BYTES:
            taken.append(b"x" * ALLOCATION_BYTES)
        os.kill(os.getpid(), signal.SIGKILL)


FAULTS = {
    "template/crash-v0": Crash,
    "template/hang-v0": Hang,
    "template/flood-v0": Flood,
    "template/garbage-v0": Garbage,
    "template/slow-v0": Slow,
    "template/oom-v0": Oom,
}
