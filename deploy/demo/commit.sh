#!/bin/sh
# commit.sh - what the demonstration's operator and miners put on the development chain: the operator's public key, and
# each miner's endpoint, sealed for it. Runs in a container of the stack, with KINITRO_NETWORK and KINITRO_NETUID set, at
# every start of the stack: what is there already stays, and a chain that was started anew gets all of it again.
set -eu

KEYS=/var/lib/kinitro/keys
OPERATOR=5GvQqYWAn4PYt7sd7dPB1eeQ53xcNTZXQtp8yzUYdW3AWfcR # the address of //operator

has_committed() { # has_committed HOTKEY_URI
  kinitro miner show-commitment --hotkey-uri "$1" >/dev/null && return
  code=$?
  [ "$code" = 3 ] || exit "$code"
  return 1
}

commit() { # commit HOTKEY_URI ENDPOINT
  if has_committed "$1"; then echo "$1 has committed"; return; fi
  kinitro miner commit --hotkey-uri "$1" --endpoint "$2" --encrypt --backend-hotkey "$OPERATOR"
}

[ -e "$KEYS/backend" ] || kinitro crypto generate-keypair --output "$KEYS"
has_committed //operator ||
  kinitro crypto publish-public-key --hotkey-uri //operator --private-key-file "$KEYS/backend"

# Who committed first stands until clearly beaten: where nobody succeeds, the earliest keeps the points. So the miner
# that sweeps, and solves three of the eight environments, is first here; last, it would win only those three.
commit //miner-0 http://miner-sweep:8001
commit //miner-1 http://miner-random:8001
commit //miner-2 http://miner-still:8001
