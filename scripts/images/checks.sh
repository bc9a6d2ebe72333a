# shellcheck shell=bash
# What images-test.sh shows. Sourced; needs `folder`, and what calls.sh and pictures.sh have.

# The name under which docker-compose.yml has a stage of the Dockerfile: `image_of STAGE`.
image_of() {
    case $1 in
    api | worker) echo "livegate-$1:0.1.0" ;;
    *) echo "livegate-$1" ;;
    esac
}

# The containers of a service of docker-compose.yml: `containers_of SERVICE`.
containers_of() {
    podman ps --filter "label=com.docker.compose.service=$1" --format '{{.Names}}'
}

# One of them: `one_of SERVICE`. sed reads all: a reader that stops early would end the test, by SIGPIPE.
one_of() {
    containers_of "$1" | sed -n 1p
}

# Whether the key counts yet: `knows_key`.
knows_key() {
    [ -n "$(call /v1/liveness/session --request POST | text session_id)" ]
}

# The service runs as a user without capabilities, under a seccomp filter, and can write nowhere but where it
# must.
services_have_no_rights() {
    local service container status
    for service in rabbitmq redis api worker; do
        container=$(one_of "$service")
        status=$(podman exec "$container" cat /proc/1/status)
        expect "$service" "$(tr '\t' ' ' <<<"$status")" "CapBnd: 0000000000000000"
        expect "$service" "$(tr '\t' ' ' <<<"$status")" "NoNewPrivs: 1"
        expect "$service" "$(tr '\t' ' ' <<<"$status")" "Seccomp: 2"
        case $(tr '\t' ' ' <<<"$status") in *"Uid: 0 "*) echo "  $service is root" >&2 && return 1 ;; esac
    done
    for service in api worker; do
        container=$(one_of "$service")
        for place in / /tmp /run /var/tmp /usr/share; do
            if podman exec "$container" touch "$place/written" 2>/dev/null; then
                echo "  $service can write to $place" >&2
                return 1
            fi
        done
    done
    # No route leads out of the network `back`.
    for service in rabbitmq redis worker; do
        container=$(one_of "$service")
        if podman exec "$container" grep -qE '^[a-z0-9]+\s+00000000\s' /proc/net/route; then
            echo "  $service has a way out" >&2
            return 1
        fi
    done
}

# All health checks of docker-compose.yml and of the Dockerfile pass.
services_are_healthy() {
    local service
    for service in rabbitmq redis api; do
        within 60 "$service is healthy" is_healthy "$(containers_of "$service")"
    done
}

is_healthy() {
    [ "$(podman inspect --format '{{.State.Health.Status}}' "$1" 2>/dev/null)" = healthy ]
}

# A person is verified and an attack is not: as frames, as a clip, and live.
captures_get_their_verdicts() {
    if [ -n "$has_people" ]; then
        expect "frames of a person" "$(verify live turn_left,turn_right)" '"verified":true'
        expect "a clip of a person" "$(verify live.mp4 turn_left,turn_right)" '"verified":true'
        expect "a live session of a person" "$(interact film TURN_LEFT,TURN_RIGHT)" '"is_live":true'
    fi
    expect "frames of an attack" "$(verify attack turn_right,turn_left)" '"verified":false'
    expect "a clip of an attack" "$(verify attack.mp4 turn_right,turn_left)" '"verified":false'
}

# A process of a service is killed while a capture is measured; the engine starts it anew, and all is well
# again without anyone's help.
a_part_is_killed_and_comes_back() {
    local container started answer
    container=$(one_of "$1")
    started=$(podman inspect --format '{{.State.StartedAt}}' "$container")
    prepare attack.mp4 turn_right,turn_left
    send >"$folder/answer" 2>&1 &
    answer=$!
    # A clip is decoded and measured for seconds.
    sleep 0.5
    kill -9 "$(podman inspect --format '{{.State.Pid}}' "$container")"
    wait "$answer" || true
    echo "  $1 was killed during a verify, which ended in $(outcome_of "$folder/answer")"
    within 60 "$1 runs again" has_restarted "$container" "$started"
    # A worker has no health to ask for. The API may not have noticed yet that the others were away.
    [ "$1" = worker ] || within 60 "$1 is healthy" podman healthcheck run "$container"
    within 60 "all is well" is_well 2
    captures_get_their_verdicts >/dev/null
    echo "  captures get their verdicts"
}

has_restarted() {
    [ "$(podman inspect --format '{{.State.Running}} {{.State.StartedAt}}' "$1")" != "true $2" ] &&
        [ "$(podman inspect --format '{{.State.Running}}' "$1")" = true ]
}

# What an answer says, in a word.
outcome_of() {
    case $(cat "$1") in
    *'"verified":'*) echo "a verdict" ;;
    *'"code":"'*) text code <"$1" ;;
    *) echo "no answer" ;;
    esac
}

# API and worker end with 0 before the engine's patience does.
all_parts_stop_in_time() {
    stops_in_time "$(containers_of worker)" 30
    stops_in_time "$(containers_of api)" 45
}

# A container ends with 0 when it is told to, and has logged no error: `stops_in_time CONTAINER SECONDS`.
stops_in_time() {
    local begun=$SECONDS code
    podman stop --time "$2" "$1" >/dev/null 2>&1
    code=$(podman inspect --format '{{.State.ExitCode}}' "$1")
    [ "$code" = 0 ] || { echo "  $1 ended with $code" >&2; return 1; }
    if podman logs "$1" 2>&1 | grep -E '^[^{]* ERROR |panicked at'; then return 1; fi
    echo "  $1 ended with 0 after $((SECONDS - begun)) s"
}

# The image with everything in one process, as the compose file would have it.
start_embedded() {
    podman volume create livegate_embedded >/dev/null
    podman run --detach --name livegate_embedded --init --read-only --read-only-tmpfs=false --cap-drop ALL \
        --security-opt no-new-privileges --pids-limit 1024 --memory 4g \
        --volume livegate_embedded:/keys --publish 127.0.0.1:8000:8000 livegate-embedded >/dev/null
    within 120 "all is well" is_well 1
    key=$(podman exec livegate_embedded livegate-api keys create --name test)
    within 30 "the key counts" knows_key
}

# The last lines of what was built last, and of every container.
show_logs() {
    local container
    tail -n 20 "$folder/last.log" >&2 || true
    for container in $(podman ps --all --format '{{.Names}}'); do
        echo "-- $container" >&2
        podman logs --tail 20 "$container" >&2 || true
    done
}
