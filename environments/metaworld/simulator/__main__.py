"""The process: takes the standard streams, answers frames until the end of input."""

import os
import signal
import sys
from typing import BinaryIO

# Libraries print where they like. From here on, standard output belongs to frames: they go to a private copy of it, and
# whatever is printed, by Python or by C code, lands on standard error. This comes before anything large is imported.
FRAMES_OUT = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)
# A container's first process ignores SIGTERM unless it says otherwise.
signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))

from . import frames  # noqa: E402
from .server import Server, error  # noqa: E402


def serve(source: BinaryIO, sink: BinaryIO) -> int:
    """Answers requests until `close` or the end of input. Returns the exit code."""
    server = Server()
    try:
        while True:
            try:
                request = frames.read(source)
            except frames.Malformed as fault:
                frames.write(sink, error("request", str(fault)))
                continue
            if request is None or request.get("type") == "close":
                return 0
            frames.write(sink, server.answer(request))
    except (frames.BrokenStream, BrokenPipeError) as fault:
        print(f"giving up: {fault}", file=sys.stderr)
        return 1
    finally:
        server.close()


if __name__ == "__main__":
    sys.exit(serve(sys.stdin.buffer, FRAMES_OUT))
