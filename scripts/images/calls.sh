# shellcheck shell=bash
# Calls of the API, for images-test.sh. Sourced; needs `folder`, and `key` once there is one.

base=http://127.0.0.1:8000

# The answer to a request with the key: `call PATH [OPTION OF CURL…]`.
call() {
    curl --silent --show-error --max-time 90 --header "X-AI-API-Key: $key" "${@:2}" "$base$1"
}

# The text of a field of the JSON on standard input: `text NAME`.
text() {
    sed -nE "s/.*\"$1\":\"([^\"]*)\".*/\1/p"
}

# The answer to a verify of a capture in the folder of pictures: `verify CAPTURE ACTION,ACTION`.
verify() {
    prepare "$1" "$2"
    send
}

# Makes a session and the body of its verify.
prepare() {
    local session
    session=$(call /v1/liveness/session --json "{\"actions\":[\"${2//,/\",\"}\"]}" | text session_id)
    lab payload "/pictures/$1" --session "$session" >"$folder/body.json"
}

# The answer to the body that was made.
send() {
    call /v1/liveness/verify --json "@$folder/body.json"
}

# A program of the build stage, with the pictures: `lab ARGUMENT…`.
lab() {
    podman run --rm --network none --volume "$folder/pictures:/pictures:ro" livegate-build \
        target/image/livegate-lab "$@"
}

# The record of an interactive session that gets a folder of frames, 8 a second, as its browser would send
# them: `interact FOLDER CHALLENGE,CHALLENGE`.
interact() {
    local session id token frame answer next
    session=$(call "/api/v1/liveness/sessions?challenges=$2" --request POST)
    id=$(text session_id <<<"$session")
    token=$(text client_token <<<"$session")
    for frame in "$folder/pictures/$1"/*.jpg; do
        next=$(($(date +%s%3N) + 125))
        answer=$(curl --silent --show-error --max-time 90 --header "Authorization: Bearer $token" \
            --form "image=@$frame" "$base/api/v1/liveness/sessions/$id/frame")
        case $answer in *'"state":"in_progress"'*) ;; *) break ;; esac
        while [ "$(date +%s%3N)" -lt "$next" ]; do sleep 0.01; done
    done
    call "/api/v1/liveness/sessions/$id"
}

# Ends the test unless a text has another in it: `expect WHAT TEXT PART`. The text is shown without what is long.
expect() {
    case $2 in
    *"$3"*) echo "  $1: $3" ;;
    *)
        echo "  $1: expected $3, got $(cut -c 1-600 <<<"$2")" >&2
        return 1
        ;;
    esac
}

# Waits until a command succeeds: `within SECONDS WHAT COMMAND…`. Says how long that took.
within() {
    local begun=$SECONDS
    until "${@:3}" >/dev/null 2>&1; do
        [ $((SECONDS - begun)) -lt "$1" ] || { echo "  $2: not within $1 s" >&2; return 1; }
        sleep 0.2
    done
    echo "  $2: after $((SECONDS - begun)) s"
}

# Whether the API says that all is well, with this many workers: `is_well WORKERS`.
is_well() {
    case $(curl --silent --max-time 5 "$base/v1/liveness/health") in
    '{"status":"ok"'*'"count":'"$1"[,}]*) ;;
    *) return 1 ;;
    esac
}
