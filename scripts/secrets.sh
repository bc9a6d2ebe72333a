#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, once: `secrets.sh [FOLDER]`, default ./secrets.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-secrets}

if [ -e "$folder" ]; then
    echo "$folder is there already. To change the secrets, move it away and restart all services." >&2
    exit 1
fi
hexadecimal() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}
rabbitmq=$(hexadecimal)
redis=$(hexadecimal)

# Services read these files as users of their own, whatever this host calls them: it is the folder that
# keeps everybody else out.
umask 077
mkdir -p "$folder"
head -c 32 /dev/urandom | base64 >"$folder/seal_key"
# A fresh Ed25519 key: what precedes its 32 bytes in PKCS#8 (RFC 8410, section 7), then the bytes.
{
    echo "-----BEGIN PRIVATE KEY-----"
    {
        printf '\060\056\002\001\000\060\005\006\003\053\145\160\004\042\004\040'
        head -c 32 /dev/urandom
    } | base64
    echo "-----END PRIVATE KEY-----"
} >"$folder/signing_key"
echo "amqp://livegate:$rabbitmq@rabbitmq:5672/%2f" >"$folder/amqp_url"
echo "redis://:$redis@redis:6379/0" >"$folder/redis_url"
printf 'default_user = livegate\ndefault_pass = %s\n' "$rabbitmq" >"$folder/rabbitmq.conf"
echo "requirepass $redis" >"$folder/redis.conf"
chmod 0444 "$folder"/*
