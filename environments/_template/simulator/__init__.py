"""The smallest family: a simulator of the protocol in ../PROTOCOL.md, with Python 3.11's standard library alone.

`__main__` (streams) -> `server` (requests) -> `point` (the world: replace this); `frames` and `messagepack` are the
wire. `faults` misbehaves on purpose, for the executor's tests: leave it out of a real family.
"""
