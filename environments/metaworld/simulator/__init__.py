"""The MetaWorld simulator: eight manipulation tasks behind the protocol of ../PROTOCOL.md.

Top-down: `__main__` (streams) -> `server` (requests) -> `episode` (rules) -> `world` (MuJoCo), `channels` (what a miner
sends and sees), `cameras` (pictures). `frames` is the wire, `catalogue` what there is.
"""

import os

# Read by libraries when they load, so they are set before anything else is imported. One thread each: a container has
# one CPU and 128 pids, and a library that counts the host's cores would start a thread for every one of them.
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("LP_NUM_THREADS", "0")
# The root is read-only and shaders are compiled once per process anyway.
os.environ.setdefault("MESA_SHADER_CACHE_DISABLE", "true")
