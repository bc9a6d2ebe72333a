#!/usr/bin/env bash
# Builds the images, runs docker-compose.yml with them, and takes it apart: `images-test.sh`. Needs root,
# podman 4.3 or later, buildah, curl, python3 with pip and, where base images cannot be pulled, debootstrap.
# All is made in target/images, or FOLDER, and removed at the end; KEEP=1 keeps the images for the next time.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${FOLDER:-$PWD/target/images}
. scripts/images/engine.sh
. scripts/images/bases.sh
. scripts/images/pictures.sh
. scripts/images/calls.sh
. scripts/images/checks.sh

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

if [ "$(id -u)" != 0 ]; then
    echo "Limits and networks as docker-compose.yml has them take root: sudo make images-test" >&2
    exit 1
fi
for tool in podman buildah curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing." >&2; exit 1; }
done
if curl --silent --output /dev/null "$base"; then
    echo "Something answers at $base, which docker-compose.yml uses: stop it first." >&2
    exit 1
fi

clean_up() {
    local code=$?
    if [ "$code" != 0 ]; then show_logs; fi
    [ -z "${health:-}" ] || kill "$health" 2>/dev/null || true
    [ -z "${made_secrets:-}" ] || rm -rf secrets
    remove_engine
    exit "$code"
}

step "engine"
name_engine
# Not before: what is removed must be in the folder.
trap clean_up EXIT
trap 'exit 130' INT TERM
install_compose
podman --version

step "base images"
obtain_bases
fit_engine

step "images"
# The stages that all three share are built once.
for stage in build api worker embedded; do
    podman build --target "$stage" --tag "$(image_of "$stage")" . >"$folder/last.log" 2>&1
    echo "  $stage: $(podman image inspect --format '{{.Size}}' "$(image_of "$stage")" | numfmt --to=iec)"
done

step "pictures"
make_pictures
ls "$folder/pictures"

step "docker-compose.yml, two workers"
if [ ! -e secrets ]; then
    made_secrets=1
    scripts/secrets.sh
fi
compose up --detach --scale worker=2 >/dev/null
if [ ! -d /run/systemd/system ]; then
    ask_for_health &
    health=$!
fi
within 120 "all is well with two workers" is_well 2
key=$(compose exec -T api livegate-api keys create --name test | tail -n 1)
within 30 "the key counts" knows_key
services_have_no_rights
services_are_healthy
captures_get_their_verdicts

step "parts are killed"
a_part_is_killed_and_comes_back worker
a_part_is_killed_and_comes_back rabbitmq
a_part_is_killed_and_comes_back redis
a_part_is_killed_and_comes_back api

step "workers come and go"
compose up --detach --no-recreate --scale worker=3 >/dev/null
within 60 "three workers" is_well 3
# podman-compose does not take away what is too many, as Docker's does.
for container in $(containers_of worker | sed 1d); do
    stops_in_time "$container" 30
    podman rm "$container" >/dev/null
done
within 60 "one worker" is_well 1
captures_get_their_verdicts

step "the end"
all_parts_stop_in_time
compose down --volumes >/dev/null

step "one process"
start_embedded
captures_get_their_verdicts
stops_in_time livegate_embedded 45

step "done"
