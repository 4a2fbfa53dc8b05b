# rust:VERSION[-slim]: the host's toolchain, with the C toolchain and libraries of the official image.
# Sourced by build-base-images. shellcheck shell=bash

find_rust() { # finds rustup's programs where the PATH does not (sudo drops the caller's)
  local home
  for home in "$HOME" "$(getent passwd "${SUDO_USER:-}" | cut -d: -f6)"; do
    if ! command -v rustc >/dev/null && [ -x "$home/.cargo/bin/rustc" ]; then
      export PATH=$home/.cargo/bin:$PATH
      [ "$home" = "$HOME" ] || export RUSTUP_HOME=$home/.rustup
    fi
  done
  command -v rustc >/dev/null ||
    die 'rustc is missing: without a container registry the Rust toolchain of this machine is needed (install rustup)'
}

toolchain() { # toolchain VERSION: the folder of the host's toolchain of that version
  local sysroot version
  # From /, where no toolchain file of a project speaks.
  sysroot=$(cd / && { rustup run "$1" rustc --print sysroot || rustc --print sysroot; } 2>>"$LOG") ||
    die "no Rust $1 here: rustup toolchain install $1"
  version=$("$sysroot/bin/rustc" --version | cut -d' ' -f2)
  case $version in "$1" | "$1".*) ;; *) die "this machine's Rust is $version: rustup toolchain install $1" ;; esac
  [ "$sysroot" != /usr ] || die "the system's own rustc cannot be moved into an image: install rustup, then rustup toolchain install $1"
  echo "$sysroot"
}

image_rust() { # image_rust IMAGE TAG
  local tag=$2 version=${2%%-*} source full packages='ca-certificates gcc libc6-dev wget'
  find_rust
  source=$(toolchain "$version") || exit 1
  full=$("$source/bin/rustc" --version | cut -d' ' -f2)
  case $tag in *slim*) ;; *) packages+=' g++ make git curl file patch pkg-config openssl libssl-dev zlib1g-dev unzip xz-utils' ;; esac
  mkdir -p "$WORK/context"
  # The toolchain's programs stand in the PATH themselves: no rustup, so nothing in the image can want a download.
  cat >"$WORK/context/Dockerfile" <<DOCKERFILE
FROM debian:$(suite_of "$tag")-slim
RUN apt-get update && apt-get install -y --no-install-recommends $packages && rm -rf /var/lib/apt/lists/*
ENV CARGO_HOME=/usr/local/cargo RUST_VERSION=$full
ENV PATH=/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY toolchain /usr/local/rust
RUN mkdir -p /usr/local/cargo/bin && chmod -R a+w /usr/local/cargo && cargo --version
CMD ["bash"]
DOCKERFILE
  tar -cf - -C "$WORK/context" Dockerfile -C "$source" --exclude='lib/rustlib/wasm32*' --exclude='lib/rustlib/src' \
    --exclude=./share --exclude=./etc --transform 's,^\.,toolchain,' . 2>>"$LOG" |
    docker build -q --label "$LABEL=1" -t "$1" - >>"$LOG" 2>&1 || die "the docker build of $1 failed"
}
