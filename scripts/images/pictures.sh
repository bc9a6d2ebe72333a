# shellcheck shell=bash
# What images-test.sh sends: cut from footage of people where that is there (LIVEGATE_MEDIA), else made of the
# tests' portrait, which gets verdicts but passes nothing. Sourced; needs `folder`.

# Makes in the folder of pictures: `live`, frames for a verify; `live.mp4`; `film`, frames for an interactive
# session; `attack` and `attack.mp4`, which show no person.
make_pictures() {
    local media=${LIVEGATE_MEDIA:-../shared/media}
    rm -rf "$folder/pictures"
    mkdir -p "$folder/pictures"
    if [ -e "$media/live/turns_a.mov" ]; then
        has_people=1
        in_build --volume "$(realpath "$media"):/media:ro" <<'SHELL'
ffmpeg -v error -t 6 -i /media/live/turns_a.mov -an -pix_fmt yuv420p live.mp4
frames live.mp4 live 0.1:center 0.3:center 1.1:turn_left 1.3:turn_left 1.5:turn_left 3.6:turn_right 3.8:turn_right 4.0:turn_right
mkdir film && ffmpeg -v error -i live.mp4 -vf fps=8 -q:v 3 film/%03d.jpg
ffmpeg -v error -i /media/replay/replay_a.mp4 -an -pix_fmt yuv420p attack.mp4
frames attack.mp4 attack 0.3:center 0.5:center 1.8:turn_right 2.0:turn_right 2.2:turn_right 3.3:turn_left 3.5:turn_left 3.7:turn_left
SHELL
    else
        has_people=
        in_build <<'SHELL'
(cd /src && target/image/livegate-models fetch --test-assets && cp models/cache/test/astronaut.png /pictures/still.png)
ffmpeg -v error -loop 1 -i still.png -t 2 -pix_fmt yuv420p attack.mp4
frames attack.mp4 attack 0.1:center 0.3:center 0.5:turn_right 0.7:turn_right 0.9:turn_right 1.1:turn_left 1.3:turn_left 1.5:turn_left
SHELL
    fi
}

# Runs standard input as a shell in the build stage, in the folder of pictures.
in_build() {
    {
        # A clip's frames at SECONDS:TAG, as files of a capture.
        echo 'frames() { clip=$1 to=$2 i=0; shift 2; mkdir "$to"; for shot; do
            ffmpeg -v error -ss "${shot%:*}" -i "$clip" -frames:v 1 -q:v 3 "$to/0${i}_${shot#*:}.jpg" </dev/null
            i=$((i + 1)); done; }'
        cat
    } | podman run --rm --interactive --volume "$folder/pictures:/pictures" "$@" --workdir /pictures livegate-build \
        sh -e
}
