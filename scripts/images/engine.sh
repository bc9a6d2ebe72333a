# shellcheck shell=bash
# podman for images-test.sh, with storage, networks and settings of its own in one folder: what is made here
# is not seen by anybody else's podman, and goes with the folder. Sourced; needs `folder`.

# Names the folder to podman, by its environment.
name_engine() {
    mkdir -p "$folder/networks"
    export CONTAINERS_CONF=$folder/containers.conf
    export CONTAINERS_STORAGE_CONF=$folder/storage.conf
    export CONTAINERS_REGISTRIES_CONF=$folder/registries.conf
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' \
        "$folder" "$folder" >"$CONTAINERS_STORAGE_CONF"
    echo 'unqualified-search-registries = ["docker.io"]' >"$CONTAINERS_REGISTRIES_CONF"
    write_settings
    if [ "$(podman info --format '{{.Store.GraphRoot}}')" != "$folder/storage" ]; then
        echo "podman does not keep its images in $folder/storage, as it is told." >&2
        return 1
    fi
}

# Writes podman's settings: `write_settings [LINE IN [engine] [LINE IN [containers]]]`.
write_settings() {
    printf '[engine]\ntmp_dir = "%s/tmp"\n%s\n[containers]\n%s\n[network]\nnetwork_config_dir = "%s/networks"\n' \
        "$folder" "${1:-}" "${2:-}" "$folder" >"$CONTAINERS_CONF"
}

# Finds settings with which containers start here. Where podman may not raise limits, or the cgroups are of
# both versions, its own settings do not do.
fit_engine() {
    local limits='default_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]'
    starts_containers && return
    write_settings 'runtime = "runc"' "$limits"
    starts_containers && return
    echo "podman starts no container here:" >&2
    podman run --rm debian:bookworm-slim true
}

starts_containers() {
    podman run --rm debian:bookworm-slim true 2>/dev/null
}

# Installs podman-compose, pinned, into the folder. Distributions have it too old.
install_compose() {
    python3 -m pip install --quiet --no-deps --disable-pip-version-check --root-user-action=ignore \
        --target "$folder/python" podman-compose==1.6.0 python-dotenv==1.2.1 PyYAML==6.0.3
}

# docker-compose.yml, by podman-compose. podman would mount memory to write to in a read-only container, which
# Docker does not: it must go without.
compose() {
    PYTHONPATH=$folder/python python3 -m podman_compose --podman-run-args=--read-only-tmpfs=false "$@" 2>"$folder/compose.log" ||
        { cat "$folder/compose.log" >&2; return 1; }
}

# Asks containers for their health as systemd's timers do for podman, where there is no systemd. Runs until
# it is ended.
ask_for_health() {
    while :; do
        for container in $(podman ps --quiet --filter health=starting --filter health=unhealthy --filter health=healthy); do
            podman healthcheck run "$container" >/dev/null 2>&1 || true
        done
        sleep 2
    done
}

# Removes all that was made: `remove_engine`. With KEEP=1 the images stay in the folder, for the next time.
remove_engine() {
    # Twice: those that others depend on go when the others have gone.
    podman rm --all --force --time 0 --volumes >/dev/null 2>&1 || true
    podman rm --all --force --time 0 --volumes >/dev/null 2>&1 || true
    podman volume prune --force >/dev/null 2>&1 || true
    podman network prune --force >/dev/null 2>&1 || true
    [ "${KEEP:-}" = 1 ] && return
    podman rmi --all --force >/dev/null 2>&1 || true
    rm -rf "$folder"
}
