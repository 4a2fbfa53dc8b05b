# postgres:MAJOR: Debian's packages (15 in bookworm, 17 in trixie) under the official image's contract.
# Sourced by build-base-images. shellcheck shell=bash

postgres_suite() { # postgres_suite TAG: the release that carries it
  case ${1%%[!0-9]*} in 15) echo bookworm ;; *) echo trixie ;; esac
}

image_postgres() { # image_postgres IMAGE TAG
  local major=${2%%[!0-9]*} base
  case $major in 15 | 17) ;; *) say "note: Debian has no PostgreSQL ${major:-latest}; $1 gets 17"; major=17 ;; esac
  base=debian:$(postgres_suite "$major")-slim
  cat >"$WORK/Dockerfile" <<DOCKERFILE
FROM $base
RUN groupadd -r -g 999 postgres && useradd -r -g 999 -u 999 -d /var/lib/postgresql -s /bin/bash postgres \\
 && apt-get update && apt-get install -y --no-install-recommends gosu locales postgresql-common xz-utils zstd \\
 && localedef -i en_US -c -f UTF-8 en_US.UTF-8 \\
 && sed -ri 's/#?(create_main_cluster) .*/\\1 = false/' /etc/postgresql-common/createcluster.conf \\
 && apt-get install -y --no-install-recommends postgresql-$major && rm -rf /var/lib/apt/lists/* \\
 && sed -ri "s/^#?(listen_addresses) .*/\\1 = '*'/" /usr/share/postgresql/$major/postgresql.conf.sample \\
 && mkdir -p /docker-entrypoint-initdb.d /var/lib/postgresql/data && chown -R postgres: /var/lib/postgresql \\
 && install -d -o postgres -g postgres -m 3777 /var/run/postgresql
COPY docker-entrypoint.sh /usr/local/bin/
ENV LANG=en_US.utf8 PG_MAJOR=$major PGDATA=/var/lib/postgresql/data
ENV PATH=/usr/lib/postgresql/$major/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
DOCKERFILE
  install -m 755 "$HERE/recipes/postgres-entrypoint.sh" "$WORK/docker-entrypoint.sh"
  build "$1" "$WORK"
}
