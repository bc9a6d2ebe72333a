FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends cmake ffmpeg nasm npm python3-pip
WORKDIR /src
COPY . .
RUN make build

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg && rm -rf /var/lib/apt/lists/*
RUN useradd --system livegate && mkdir /keys && chown livegate /keys
WORKDIR /srv/livegate
COPY --from=build /src/target/release/livegate-api /src/target/release/livegate-worker /usr/local/bin/
COPY --from=build /src/models/cache models/cache
USER livegate
CMD ["livegate-api"]
