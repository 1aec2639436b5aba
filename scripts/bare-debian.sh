#!/bin/sh
# Runs docs/guides/setup-server.sh on a bare Debian: a fresh root folder of debootstrap, with packages from the mirror that this machine
# uses. Needs root and debootstrap; takes some minutes: npm run test:matrix -- bare-debian. The lab's test of the script has Docker already.
#
#   sudo scripts/bare-debian.sh [trixie]
set -eu
suite=${1:-trixie}
here=$(cd "$(dirname "$0")/.." && pwd)
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/*$' | head -n 1)
bare=$(mktemp -d)
trap 'rm -rf --one-file-system "$bare"' EXIT
debootstrap --variant=minbase "$suite" "$bare" "$mirror" >"$bare.log" 2>&1 || { tail -n 3 "$bare.log"; exit 1; }
rm -f "$bare.log"
cp /etc/apt/apt.conf.d/* "$bare/etc/apt/apt.conf.d/"
cp /etc/resolv.conf /etc/hosts "$bare/etc/"
cp "$here/docs/guides/setup-server.sh" "$bare/root/"

# In a namespace of its own, so that nothing stays mounted.
unshare --mount --pid --fork sh -euc '
bare=$1
mount -t proc proc "$bare/proc"
key="ssh-ed25519 $(head -c 51 /dev/urandom | base64 -w 0) somebody"
setup() { chroot "$bare" sh /root/setup-server.sh --path /srv/api --key "$key"; }
first=$(setup 2>&1) || { echo "$first" | tail -n 5; exit 1; }
echo "$first" | grep -E "^(Installed|Made|Authorized)"
look() { chroot "$bare" sh -c "docker compose version; id deploy; cat /home/deploy/.ssh/authorized_keys; ls -la /srv/api; cat /etc/passwd /etc/group"; }
before=$(look)
echo "$before" | head -n 2
again=$(setup 2>&1)
echo "$again" | grep -q "^User deploy is there\." && [ "$(look)" = "$before" ] || { echo "the second run changed something: $again"; exit 1; }
echo "ok: Debian $(cat "$bare/etc/debian_version"), and a second run changed nothing"
' sh "$bare"
