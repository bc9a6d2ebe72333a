# syntax=docker/dockerfile:1
# Three images from one build, for amd64 and arm64 alike:
#   docker build --target api .      the API of a distributed service: no models, no ffmpeg
#   docker build --target worker .   a worker
#   docker build .                   everything in one process
# All run as user 10001 on a read-only file system; what they write is /keys: the API keys' hashes by
# `livegate-api keys` and, with everything in one process, the key that signs receipts.

FROM rust:1.95.0-bookworm AS build
# Debian's mirrors keep only the newest build of a package: a version pinned here would soon be gone.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake ffmpeg nasm npm python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The image's own toolchain is the one that rust-toolchain.toml names, less the lints.
ENV RUSTUP_TOOLCHAIN=1.95.0
RUN make build PROFILE=image && strip --strip-debug target/image/livegate-api target/image/livegate-worker target/image/livegate-jail

FROM debian:bookworm-slim AS base
RUN groupadd --gid 10001 livegate \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin livegate \
    && install -d -o 10001 -g 10001 -m 0700 /keys
WORKDIR /

FROM base AS api
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/image/livegate-api /usr/local/bin/
ENV LIVEGATE_LISTEN=0.0.0.0:8000 LIVEGATE_KEYS=/keys/keys.toml
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=3s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8000/v1/liveness/health"]
CMD ["livegate-api"]

# A worker has no port to ask for its health: one that cannot go on ends.
FROM base AS worker
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/models/cache /usr/share/livegate/models
COPY --from=build /src/target/image/livegate-worker /src/target/image/livegate-jail /usr/local/bin/
ENV LIVEGATE_MODELS=/usr/share/livegate/models
USER 10001:10001
CMD ["livegate-worker"]

FROM worker AS embedded
USER 0:0
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends curl \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/image/livegate-api /usr/local/bin/
ENV LIVEGATE_LISTEN=0.0.0.0:8000 LIVEGATE_KEYS=/keys/keys.toml
EXPOSE 8000
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=3s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8000/v1/liveness/health"]
CMD ["livegate-api"]
