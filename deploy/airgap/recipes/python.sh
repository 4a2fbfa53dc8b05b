# python:VERSION[-slim]: the host's pyenv build moved to /usr/local, else Debian's own python3, never an
# older one than the tag says (3.11 in bookworm, 3.13 in trixie).
# Sourced by build-base-images. shellcheck shell=bash

python_version() { cut -d. -f1,2 <<<"${1%%-*}"; }

pyenv_build() { # pyenv_build VERSION: the folder of the host's newest build of it, or nothing
  local root=${PYENV_ROOT:-$HOME/.pyenv} newest
  newest=$(find "$root/versions" -maxdepth 1 -name "$1.*" 2>/dev/null | sort -V | tail -n 1)
  if [ -n "$newest" ] && [ -x "$newest/bin/python$1" ]; then echo "$newest"; fi
}

python_suite() { # python_suite TAG: the release to build on
  local version
  version=$(python_version "$1")
  if [ -n "$(pyenv_build "$version")" ] || [ "$version" = 3.11 ]; then suite_of "$1"; else echo trixie; fi
}

copy_pyenv() { # copy_pyenv SOURCE VERSION DEST: the interpreter without its tests and without what was installed
  # site-packages stay behind: machine-local .pth files live there.
  tar -C "$1" -cf - --exclude='site-packages/*' --exclude=__pycache__ --exclude="python$2/test" \
    --exclude=idlelib --exclude='*.a' --exclude='*tkinter*' --exclude=turtledemo bin include lib |
    tar -C "$3" -xf -
  rm -f "$3"/bin/{pip*,idle*,2to3*}
  { grep -rlIF "$1" "$3" || true; } | xargs -r sed -i "s#$1#/usr/local#g"
}

image_python() { # image_python IMAGE TAG
  local version source settle packages='ca-certificates netbase tzdata'
  version=$(python_version "$2")
  source=$(pyenv_build "$version")
  mkdir -p "$WORK/usr"
  if [ -n "$source" ]; then
    packages+=' libssl3 libffi8 libsqlite3-0 libreadline8 libbz2-1.0 liblzma5 zlib1g libncursesw6 libuuid1 libexpat1 libnsl2'
    copy_pyenv "$source" "$version" "$WORK/usr"
    settle='ldconfig && ln -sf python3 /usr/local/bin/python && python3 -m ensurepip'
  else
    say "note: no Python $version in pyenv here; $1 gets the python3 of Debian $(python_suite "$2")"
    packages+=' python3 python3-venv'
    # A virtual environment keeps pip away from the packages that apt owns and pip could not replace.
    settle='/usr/bin/python3 -m venv /usr/local'
  fi
  cat >"$WORK/Dockerfile" <<DOCKERFILE
FROM debian:$(python_suite "$2")-slim
RUN apt-get update && apt-get install -y --no-install-recommends $packages && rm -rf /var/lib/apt/lists/*
COPY usr /usr/local
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
RUN printf '[global]\\ncert = /etc/ssl/certs/ca-certificates.crt\\n' >/etc/pip.conf && $settle \\
 && python3 -m pip install -q --no-cache-dir --root-user-action=ignore --upgrade pip
CMD ["python3"]
DOCKERFILE
  build "$1" "$WORK"
}
