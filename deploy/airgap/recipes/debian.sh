# debian:SUITE[-slim]: bootstrapped from the host's own apt sources with mmdebstrap, with the host's
# extra certificate authorities and apt's proxy settings, documentation and translations left out.
# Sourced by build-base-images. shellcheck shell=bash

apt_sources() { # apt_sources SUITE: copies of the host's source files, turned to that release; their paths
  local file host
  host=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}") ||
    die 'without a container registry this needs a Debian host, for its apt sources'
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
    if [ -s "$file" ]; then
      sed "s/\b$host\b/$1/g" "$file" >"$WORK/$1.${file##*/}"
      echo "$WORK/$1.${file##*/}"
    fi
  done
}

apt_settings() { # apt's settings in the image: small layers, and the host's way to its sources
  cat >"$WORK/docker-clean" <<'CONF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
CONF
  apt-config dump | grep -E '^Acquire::(Check-|https?::Proxy)' >"$WORK/00host" || true
}

rootfs() { # rootfs SUITE: a root filesystem as tar on stdout
  local suite=$1 sources keyrings=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -s "$keyrings" ] || die 'the keys of the package archive are missing: sudo apt-get install debian-archive-keyring'
  need mmdebstrap mmdebstrap
  sources=$(apt_sources "$suite") || exit 1
  apt_settings
  # The hook and usr-is-merged keep bookworm from pulling perl in for the merged /usr (123 MB, not 75).
  # shellcheck disable=SC2016,SC2086
  $SUDO mmdebstrap --variant=minbase --include=usr-is-merged \
    --hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='mkdir -p "$1/usr/local/share/ca-certificates" "$1/etc/apt/apt.conf.d"' \
    --customize-hook='cp -n /usr/local/share/ca-certificates/*.crt "$1/usr/local/share/ca-certificates/" 2>/dev/null || :' \
    --customize-hook="cp '$WORK/00host' '$WORK/docker-clean' \"\$1/etc/apt/apt.conf.d/\"" \
    --customize-hook='rm -f "$1"/var/cache/apt/*.bin' \
    "$suite" - $sources 2>>"$LOG"
}

image_debian() { # image_debian IMAGE TAG
  local id advice=''
  if [ "$(id -u)" != 0 ] && [ -z "$SUDO" ]; then advice=': it needs root, and there is no sudo; run this once as root'; fi
  # The name is given last, so that a bootstrap that broke off leaves no image behind that looks whole.
  id=$(rootfs "$(suite_of "$2")" | docker import -c 'CMD ["bash"]' -c "LABEL $LABEL=1" - 2>>"$LOG") || {
    [ -z "$id" ] || docker rmi "$id" >/dev/null
    die "the bootstrap of $1 failed$advice"
  }
  docker tag "$id" "$1"
}
