#!/bin/sh
# Builds another revision beside this tree: `baseline.sh REVISION PROFILE`. `make bench BASELINE=REVISION` calls it.
set -eu
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify "$1^{commit}")
profile=$2
tree=target/baseline

git worktree prune
if [ -e "$tree/.git" ]; then
    git -C "$tree" checkout --quiet --detach "$commit"
else
    git worktree add --quiet --force --detach "$tree" "$commit"
fi
mkdir -p "$tree/models/cache"
# What both revisions need is there already; each file is checked by its hash.
cp -u models/cache/*.* "$tree/models/cache/"
cd "$tree"
env -u CARGO_TARGET_DIR cargo build --profile "$profile" --locked -p livegate-server -p livegate-jail -p livegate-prepare --bins
"target/$profile/livegate-models" fetch
