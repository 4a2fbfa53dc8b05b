# How the scripts speak, and how they find cargo. Sourced; shellcheck shell=bash
if [ -t 2 ]; then bold=$'\e[1m' red=$'\e[31m' plain=$'\e[0m'; else bold='' red='' plain=''; fi

say()  { printf '%s\n' "$*" >&2; }
title() { printf '%s==> %s%s\n' "$bold" "$*" "$plain" >&2; }

# stop WHAT [FIX]: cannot go on; the fix is a command or a step that a person can take.
stop() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  if [ -n "${2:-}" ]; then printf '  fix: %s\n' "$2" >&2; fi
  exit 1
}

# Tenths of a second since START, a value of $EPOCHREALTIME, as `12.3 s`.
since() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# as_root COMMAND...: through sudo where that is needed.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else stop "\`$*\` needs root, and there is no sudo" "run it as root, then try again"; fi
}

# rustup's programs where a login shell has not put them in the PATH.
if ! command -v cargo >/dev/null && [ -x "${HOME:-}/.cargo/bin/cargo" ]; then PATH=$HOME/.cargo/bin:$PATH; fi
