"""The process: takes the standard streams, answers frames until `close` or the end of input."""

import os
import sys

# Standard output belongs to frames: they go to a private copy of it. What a library prints goes to standard error.
FRAMES_OUT = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

from . import frames  # noqa: E402
from .server import Server, error  # noqa: E402


def main() -> int:
    """Answers one request after the other. Returns the exit code."""
    server = Server()
    while True:
        try:
            request = frames.read(sys.stdin.buffer)
            if request is None or request.get("type") == "close":
                return 0
            reply = server.answer(request)
        except frames.Malformed as fault:
            reply = error("request", str(fault))
        except frames.BrokenStream as fault:
            print(f"giving up: {fault}", file=sys.stderr)
            return 1
        frames.write(FRAMES_OUT, reply)


if __name__ == "__main__":
    sys.exit(main())
