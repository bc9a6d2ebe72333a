# shellcheck shell=bash
# The images that ours are built on, and those of broker and store, for images-test.sh. Where one cannot be
# pulled, a stand-in is made: the same name, Debian's packages, and of a client's settings those of this machine.
# Sourced; needs `folder`.

# The names in the Dockerfile and in docker-compose.yml, the base of all stand-ins first.
bases() {
    sed -nE 's/^FROM ([a-z]+:[^ ]+) AS .*/\1/p' Dockerfile | sort -u
    sed -nE 's/^ +image: ((rabbitmq|redis):.*)/\1/p' docker-compose.yml
}

# Pulls each, or makes its stand-in. Prints which it is.
obtain_bases() {
    local image
    for image in $(bases); do
        if podman image exists "docker.io/library/$image"; then
            echo "$image is there"
        elif timeout 600 podman pull --quiet "docker.io/library/$image" >/dev/null 2>&1; then
            echo "$image was pulled"
        else
            echo "$image cannot be pulled: making a stand-in"
            # No `||` here: it would let a failed step of the function pass.
            stand_in "$image" >"$folder/last.log" 2>&1
        fi
    done
}

stand_in() {
    case $1 in
    debian:*) stand_in_for_debian "$1" ;;
    rust:*) stand_in_for_rust "$1" ;;
    rabbitmq:*) stand_in_for_rabbitmq "$1" ;;
    redis:*) stand_in_for_redis "$1" ;;
    *) echo "no stand-in is known for $1" && return 1 ;;
    esac
}

# `build IMAGE [OPTION…]`: the Dockerfile is standard input.
build() {
    podman build --file - --tag "docker.io/library/$1" "${@:2}" "$folder/context"
}

stand_in_for_debian() {
    local root=$folder/debian
    debootstrap --variant=minbase "$(echo "$1" | sed -E 's/debian:([a-z]+).*/\1/')" "$root"
    tar --directory "$root" --create . | podman import - "docker.io/library/$1"
    rm -rf "$root"
    # With its own settings podman may not start containers here, and so build none of the others.
    fit_engine
}

# As in the image, the user is 999, and anybody may write to the two folders.
stand_in_for_rabbitmq() {
    build "$1" <<'DOCKERFILE'
FROM docker.io/library/debian:bookworm-slim
RUN groupadd --system --gid 999 rabbitmq \
    && useradd --system --uid 999 --gid 999 --home-dir /var/lib/rabbitmq rabbitmq \
    && apt-get update && apt-get install -y --no-install-recommends rabbitmq-server \
    && rm -rf /var/lib/apt/lists/* \
    && chmod 777 /var/lib/rabbitmq /var/log/rabbitmq
ENV HOME=/var/lib/rabbitmq RABBITMQ_LOGS=-
VOLUME /var/lib/rabbitmq
CMD ["rabbitmq-server"]
DOCKERFILE
}

stand_in_for_redis() {
    build "$1" <<'DOCKERFILE'
FROM docker.io/library/debian:bookworm-slim
RUN groupadd --system --gid 999 redis \
    && useradd --system --uid 999 --gid 999 --home-dir /data redis \
    && apt-get update && apt-get install -y --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/*
VOLUME /data
WORKDIR /data
CMD ["redis-server"]
DOCKERFILE
}

# This machine's rustup and toolchain, and what its pip, npm and cargo need to reach their registries.
stand_in_for_rust() {
    local version toolchain name
    version=$(echo "$1" | sed -E 's/rust:([0-9.]+).*/\1/')
    toolchain=$(rustc "+$version" --print sysroot)
    name=$version-$(rustc "+$version" -vV | sed -n 's/^host: //p')
    mkdir -p "$folder/context/home"
    cp /etc/ssl/certs/ca-certificates.crt "$folder/context/"
    copy_if_there /etc/pip.conf "$folder/context/home/.config/pip/pip.conf"
    copy_if_there "$HOME/.config/pip/pip.conf" "$folder/context/home/.config/pip/pip.conf"
    copy_if_there "$HOME/.npmrc" "$folder/context/home/.npmrc"
    copy_if_there "${CARGO_HOME:-$HOME/.cargo}/config.toml" "$folder/context/home/.cargo-config.toml"
    build "$1" --build-context "rustup=$(dirname "$(command -v rustup)")" --build-context "toolchain=$toolchain" <<DOCKERFILE
FROM docker.io/library/debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl g++ gcc git libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
ENV RUSTUP_HOME=/usr/local/rustup CARGO_HOME=/usr/local/cargo PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
COPY --from=rustup rustup /usr/local/cargo/bin/
RUN for name in cargo rustc rustdoc; do ln -s rustup /usr/local/cargo/bin/\$name; done
COPY --from=toolchain bin/cargo bin/rustc bin/rustdoc /usr/local/rustup/toolchains/$name/bin/
COPY --from=toolchain lib /usr/local/rustup/toolchains/$name/lib
COPY ca-certificates.crt /etc/ssl/certs/
COPY home /root/
RUN if [ -e /root/.cargo-config.toml ]; then mv /root/.cargo-config.toml /usr/local/cargo/config.toml; fi
DOCKERFILE
}

copy_if_there() {
    if [ -e "$1" ]; then
        mkdir -p "$(dirname "$2")"
        cp "$1" "$2"
    fi
}
