# The one image of the one binary. Plain instructions that Docker Engine 20.10 knows: no syntax line, no heredoc,
# no COPY --link.
FROM rust:1.95-bookworm AS builder
WORKDIR /src
COPY . .
# The crates that were fetched and compiled stay between builds in cache mounts. A source file that is older than the
# last build (another clone, an earlier commit) would look fresh to cargo, so our own files are touched.
RUN --mount=type=cache,id=kinitro-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=kinitro-target,target=/src/target,sharing=locked \
    find . -path ./target -prune -o -type f -exec touch {} + \
 && cargo build --locked --profile image --package kinitro-cli \
 && install -D target/image/kinitro /out/kinitro

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=builder /out/kinitro /usr/local/bin/kinitro
USER 65532:65532
ENTRYPOINT ["kinitro"]
