"""substrate-interface: the general client of Substrate chains, of which bittensor's transport was forked; it reads
metadata of version 14 and decodes by it alone. `steps.py` says how it is driven."""

import sys

from steps import Rejected, serve

from substrateinterface import Keypair, SubstrateInterface

URL = sys.argv[1]
chain = None


def connect():
    global chain
    chain = SubstrateInterface(url=URL, ss58_format=42)
    return {"chain": chain.chain, "block": chain.get_block_number(None)}


def value(module, entry, *keys):
    return chain.query(module, entry, list(keys)).value


def neurons(netuid):
    permits = value("SubtensorModule", "ValidatorPermit", netuid)
    updates = value("SubtensorModule", "LastUpdate", netuid)
    rows = chain.query_map("SubtensorModule", "Keys", [netuid])
    return sorted(
        (
            {"uid": uid.value, "hotkey": key.value, "permit": permits[uid.value], "last_update": updates[uid.value]}
            for uid, key in rows
        ),
        key=lambda row: row["uid"],
    )


def text_of(registration):
    """The fields joined. Each decodes as its name and its bytes in hex, `{"Raw5": "0x68656c6c6f"}`, some in a list."""
    fields = [row[0] if isinstance(row, (list, tuple)) else row for row in registration["info"]["fields"]]
    data = [bytes.fromhex(data.removeprefix("0x")) for field in fields for data in field.values()]
    return b"".join(data).decode()


def send(key, module, function, fields):
    call = chain.compose_call(module, function, fields)
    extrinsic = chain.create_signed_extrinsic(call=call, keypair=Keypair.create_from_uri(key), era={"period": 64})
    answer = chain.submit_extrinsic(extrinsic, wait_for_finalization=True)
    if not answer.is_success:
        raise Rejected(answer.error_message)
    return {"extrinsic": answer.get_extrinsic_identifier()}


def commit(netuid, key, text):
    data = text.encode()
    info = {"fields": [[{f"Raw{len(data)}": "0x" + data.hex()}]]}
    return send(key, "Commitments", "set_commitment", {"netuid": netuid, "info": info})


def set_weights(netuid, key, uids, weights, version_key=0):
    fields = {"netuid": netuid, "dests": uids, "weights": weights, "version_key": version_key}
    return send(key, "SubtensorModule", "set_weights", fields)


serve(
    {
        "connect": connect,
        "head": lambda: {"block": chain.get_block_number(None), "hash": chain.get_chain_head()},
        "neurons": neurons,
        "commitments": lambda netuid: {
            key.value: text_of(row.value) for key, row in chain.query_map("Commitments", "CommitmentOf", [netuid])
        },
        "commit": commit,
        "weights": lambda netuid: {
            uid.value: row.value for uid, row in chain.query_map("SubtensorModule", "Weights", [netuid])
        },
        "set_weights": set_weights,
        "send_weights": set_weights,
        "timelocked": lambda netuid: {
            epoch.value: rows.value
            for epoch, rows in chain.query_map("SubtensorModule", "TimelockedWeightCommits", [netuid])
        },
    }
)
