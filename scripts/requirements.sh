#!/bin/sh
# Makes sure that the system's part of what a target needs is there: `requirements.sh build|test`.
# Installs Debian packages where it may (root, apt-get), else prints the one line to type.
set -eu

missing=""
need() { # need PACKAGE COMMAND…: any of the commands will do
    package=$1
    shift
    for command in "$@"; do
        if command -v "$command" >/dev/null 2>&1 || [ -x "/usr/sbin/$command" ]; then
            return
        fi
    done
    missing="$missing $package"
}

command -v cargo >/dev/null 2>&1 || {
    echo "Rust is missing: install it with rustup (Debian's own packages are too old)." >&2
    exit 1
}
need gcc cc
need g++ c++
need cmake cmake # builds libjpeg-turbo, with its assembly by nasm
case $(uname -m) in x86_64) need nasm nasm ;; esac
need ffmpeg ffmpeg # decodes clips
need npm npm
python3 -m pip --version >/dev/null 2>&1 || need python3-pip pip3 pip
if [ "${1:-build}" = test ]; then
    need rabbitmq-server rabbitmq-server
    need redis-server redis-server
    need chromium chromium # uses the demo page
    # <livegate-check> runs in these as well; WebKitGTK's browser needs a display.
    need firefox-esr firefox-esr
    need webkit2gtk-driver WebKitWebDriver
    need xvfb xvfb-run
    need xauth xauth
    # The document's examples run it; of other tools scripts/test-tools.sh installs what they need.
    need curl curl
fi
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "This machine lacks:$missing. As root, type: $line" >&2
    exit 1
fi
echo "Installing:$missing" >&2
# The tests start servers of their own: the packages' must not start with the installation.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # $line is words on purpose
if ! { apt-get update -qq && $line -qq >/dev/null; } 2>"${TMPDIR:-/tmp}/livegate-apt.$$"; then
    echo "apt-get could not install$missing: $(tail -n 1 "${TMPDIR:-/tmp}/livegate-apt.$$")" >&2
    rm -f "${TMPDIR:-/tmp}/livegate-apt.$$"
    exit 1
fi
rm -f "${TMPDIR:-/tmp}/livegate-apt.$$"
