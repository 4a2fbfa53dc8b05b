"""A simulator without physics for tests: one environment that behaves, the others each with its own fault.

`fake/scripted` is what the scripted mode plays: an episode of 3 steps that succeeds iff the seed's luck is less than the
action's `quality`. The faults come at the first step.
"""

import os
import struct
import sys
import time

FAULTS = ["crash", "hang", "flood", "garbage", "oom", "double", "nan", "huge", "deaf", "slow", "internal", "inspect", "environ"]
STEPS = 3


def pack(value):
    """Writes the MessagePack that this program needs."""
    if isinstance(value, bool) or value is None:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())


def unpack(data, at=0):
    """Reads one value: (value, where it ends)."""
    tag, at = data[at], at + 1
    if tag < 0x80:
        return tag, at
    if tag >= 0xE0:
        return tag - 256, at
    if tag < 0xA0 or 0xDC <= tag <= 0xDF:
        size, at = (tag & 15, at) if tag < 0xA0 else unpack_int(data, at, 2 if tag in (0xDC, 0xDE) else 4)
        values = []
        for _ in range(size * (1 if 0x90 <= tag < 0xA0 or tag in (0xDC, 0xDD) else 2)):
            value, at = unpack(data, at)
            values.append(value)
        return (values if 0x90 <= tag < 0xA0 or tag in (0xDC, 0xDD) else dict(zip(values[::2], values[1::2]))), at
    if tag < 0xC0 or 0xD9 <= tag <= 0xDB:
        size, at = (tag & 31, at) if tag < 0xC0 else unpack_int(data, at, 1 << (tag - 0xD9))
        return data[at : at + size].decode(), at + size
    if tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[tag], at
    form = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}[tag]
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)


def unpack_int(data, at, size):
    return int.from_bytes(data[at : at + size], "big"), at + size


def luck(seed):
    mask = 2**64 - 1
    bits = (seed + 0x9E3779B97F4A7C15) & mask
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & mask
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & mask
    return ((bits ^ bits >> 31) >> 11) / 2**53


def send(message):
    body = pack(message)
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()


def error(kind, message):
    return {"type": "error", "kind": kind, "message": message}


def observation(episode, **extra):
    images = {"front": {"data": bytes(84 * 84 * 3), "shape": [84, 84, 3], "dtype": "uint8"}} if episode["images"] else {}
    return {"rgb": images, "depth": {}, "proprio": {"scripted": [float(episode["steps"])]}, "extra": extra}


def misfit(action):
    sizes = {"quality": 1, "ee_twist": 6, "gripper": 1}
    for channel, values in action["continuous"].items():
        if sizes.get(channel) != len(values):
            return f"channel {channel} does not fit"
    return f"discrete channels {list(action['discrete'])}" if action["discrete"] else None


def tried(what):
    try:
        return what() or "allowed"
    except OSError as fault:
        return fault.strerror


def run_from_tmp():
    path = "/tmp/program"
    with open(path, "w") as program:
        program.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, 0o755)
    return "ran" if os.spawnv(os.P_WAIT, path, [path]) == 0 else "noexec"


def fill_tmp():
    with open("/tmp/filler", "wb", buffering=0) as filler:
        for _ in range(8):
            filler.write(bytes(1 << 20))


def inspect():
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    facts = {name: status[name].strip() for name in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
    facts["ids"] = f"{os.getuid()}:{os.getgid()}"
    facts["interfaces"] = ",".join(sorted(os.listdir("/sys/class/net")))
    facts["write"] = tried(lambda: open("/written", "w") and None)
    facts["exec"] = tried(run_from_tmp)
    facts["fill"] = tried(fill_tmp)
    return facts


def fault(name, episode):
    """Does what the environment is for. Returns a reply that replaces the right one, if any."""
    if name == "crash":
        print("first words\nTraceback: boom", file=sys.stderr, flush=True)
        os._exit(3)
    elif name == "hang":
        while True:
            time.sleep(1)
    elif name == "slow":
        time.sleep(0.3)
    elif name == "flood":
        os.write(2, (b"x" * 1023 + b"\n") * 8192)
    elif name == "garbage":
        print("Traceback (most recent call last):", flush=True)
    elif name == "huge":
        sys.stdout.buffer.write(b"\x7f\xff\xff\xff")
        sys.stdout.buffer.flush()
    elif name == "deaf":
        os.close(1)
        time.sleep(3600)
    elif name == "oom":
        hoard = []
        while len(hoard) < 512:
            hoard.append(os.urandom(1 << 20))
    elif name == "internal":
        return error("internal", "the solver diverged")
    elif name in ("inspect", "environ"):
        facts = inspect() if name == "inspect" else {"names": sorted(os.environ)}
        return {"type": "step", "observation": observation(episode, **facts), "reward": 0.0, "done": False, "success": False}
    return None


def reset(request):
    name = request["environment"].removeprefix("fake/")
    if name != "scripted" and name not in FAULTS:
        return None, error("environment", f"no environment {name}")
    episode = {"name": name, "seed": request["seed"], "images": request["images"], "steps": 0, "success": False}
    return episode, {"type": "observation", "observation": observation(episode)}


def step(episode, action):
    if episode is None or episode["steps"] >= STEPS:
        return error("request", "no step is due")
    if misfit(action):
        return error("action", misfit(action))
    episode["steps"] += 1
    replaced = fault(episode["name"], episode)
    if replaced:
        return replaced
    episode["success"] |= luck(episode["seed"]) < action["continuous"].get("quality", [0.0])[0]
    done = episode["steps"] == STEPS
    success = done and episode["success"]
    reward = float("nan") if episode["name"] == "nan" else float(success)
    return {"type": "step", "observation": observation(episode), "reward": reward, "done": done, "success": success}


def main():
    episode = None
    while header := sys.stdin.buffer.read(4):
        request, _ = unpack(sys.stdin.buffer.read(int.from_bytes(header, "big")))
        if request["type"] == "close":
            return
        if request["type"] == "hello":
            ids = [f"fake/{name}" for name in ["scripted", *FAULTS]]
            send({"type": "hello", "version": 1, "family": "fake", "environments": ids})
        elif request["type"] == "reset":
            episode, reply = reset(request)
            send(reply)
        else:
            reply = step(episode, request["action"])
            send(reply)
            if episode and episode["name"] == "double":
                send(reply)


main()
