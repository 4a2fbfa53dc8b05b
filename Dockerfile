# The one image of the one binary. Plain instructions that Docker Engine 20.10 knows: no syntax line, no heredoc,
# no COPY --link.
FROM rust:1.95-bookworm AS builder
# `devchain` for an image that also has the development chain, which takes some minutes more.
ARG FEATURES=""
WORKDIR /context
COPY . .
# The sources and what was compiled from them stay between builds in a cache mount. cargo goes by a file's time, and a
# clone may hold other text under an older time; so the files whose text differs are copied, which makes them new.
RUN --mount=type=cache,id=kinitro-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=kinitro-build,target=/build,sharing=locked \
    find . -type f | while read -r file; do cmp -s "$file" "/build/$file" || install -D "$file" "/build/$file"; done \
 && cd /build \
 && find . -path ./target -prune -o -type f -print | while read -r file; do [ -e "/context/$file" ] || rm "$file"; done \
 && cargo build --locked --profile image --package kinitro-cli --features "$FEATURES" \
 && install -D target/image/kinitro /out/kinitro

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=builder /out/kinitro /usr/local/bin/kinitro
# New volumes take over who may write here.
RUN install -d -m 700 -o 65532 -g 65532 /var/lib/kinitro/keys /var/lib/kinitro/signing /var/lib/kinitro/validator
USER 65532:65532
ENTRYPOINT ["kinitro"]
