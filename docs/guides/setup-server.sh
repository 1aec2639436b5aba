#!/bin/sh
# Makes a Debian or Ubuntu server ready for deploys: Docker with Compose, a user that logs in with a key only, a folder.
# Run it as root; run it again as often as you like: what is there already stays as it is.
#
#   sh setup-server.sh --user deploy --path /srv/api-staging --key 'ssh-ed25519 AAAA… deploy-api-staging'
#
#   --user   who deploys (default: deploy). Gets the group docker, which is as good as root: a server of its own is best.
#   --path   the project's folder; may be given several times.
#   --key    the public half of the deploy key, one line; may be given several times.
#   --host   how runners call this server (default: its own name), for the lines of known-hosts.
#   --port   sshd's port as runners see it (default: 22), for the same lines.
#
# It opens no port, changes no setting of sshd and no firewall; what it would change there, it says at its end.
set -eu

say() { printf '%s\n' "$*"; }
fail() {
  printf 'setup-server: %s\n' "$*" >&2
  exit 1
}

user=deploy
host=$(hostname)
port=22
paths=
keys=
newline='
'
while [ $# -gt 0 ]; do
  [ $# -gt 1 ] || fail "$1 needs a value. Nothing was changed."
  case $1 in
    --user) user=$2 ;;
    --path) paths=$paths$2$newline ;;
    --key) keys=$keys$2$newline ;;
    --host) host=$2 ;;
    --port) port=$2 ;;
    *) fail "unknown option $1. Nothing was changed." ;;
  esac
  shift 2
done

[ "$(id -u)" -eq 0 ] || fail "run it as root. Nothing was changed."
printf '%s' "$user" | grep -Eq '^[a-z_][a-z0-9_-]{0,31}$' || fail "--user $user: not a name of a user. Nothing was changed."
[ "$user" != root ] || fail "--user root: deploys get a user of their own. Nothing was changed."
[ -n "$keys" ] || fail "no --key: nobody could log in. Nothing was changed."
printf '%s' "$keys" | grep -Evq '^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]{60,}( .*)?$' &&
  fail "--key: not the line of a public key (deploy_key.pub). Nothing was changed."
printf '%s' "$paths" | grep -Evq '^/[^/].*[^/]$' && fail "--path: an absolute path without a slash at its end. Nothing was changed."

# --- Docker and Compose ---------------------------------------------------------------------------------------------
# The first version that all of these actions accept.
is_new_enough() {
  printf '%s\n' "$1" | sed 's/^v//' | awk -F. '{ exit !($1 > 2 || ($1 == 2 && $2 >= 20)) }'
}
candidate() { apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)" { print $2 }'; }

if is_new_enough "$(docker compose version --short 2>/dev/null || echo 0)"; then
  say "Docker Compose $(docker compose version --short) is there."
else
  command -v apt-get >/dev/null || fail "no apt-get here: install Docker as docs.docker.com/engine/install says, then run this again."
  apt-get update -q
  if [ -n "$(candidate docker-compose-v2)" ]; then
    packages='docker.io docker-compose-v2'
  elif is_new_enough "$(candidate docker-compose)"; then
    packages="docker.io docker-compose $([ -z "$(candidate docker-cli)" ] || echo docker-cli)"
  else
    fail "this system has no package of Compose 2.20 or newer (Debian 12 has not): install Docker as docs.docker.com/engine/install says, then run this again."
  fi
  # shellcheck disable=SC2086 # several words
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
  is_new_enough "$(docker compose version --short 2>/dev/null || echo 0)" || fail "installed $packages, and docker compose is still not 2.20 or newer."
  say "Installed $packages."
fi
for tool in sha256sum find xargs tar awk sed; do
  command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install coreutils findutils tar mawk sed"
done

# --- The user and its keys --------------------------------------------------------------------------------------------
if id "$user" >/dev/null 2>&1; then
  say "User $user is there."
else
  # "*": no password will ever fit, and the account is not locked, which some sshd settings would take as no login at all.
  useradd --create-home --user-group --shell /bin/bash --password '*' "$user"
  say "Made the user $user: logs in with a key only."
fi
getent group docker >/dev/null || groupadd --system docker
case " $(id -Gn "$user") " in
  *' docker '*) ;;
  *)
    usermod -aG docker "$user"
    say "$user may use Docker from its next login on."
    ;;
esac

home=$(getent passwd "$user" | cut -d: -f6)
group=$(id -gn "$user")
install -d -m 700 -o "$user" -g "$group" "$home/.ssh"
authorized=$home/.ssh/authorized_keys
[ -e "$authorized" ] || install -m 600 -o "$user" -g "$group" /dev/null "$authorized"
printf '%s' "$keys" | while IFS= read -r key; do
  if grep -qF "$(printf '%s' "$key" | cut -d' ' -f1,2)" "$authorized"; then
    say "The key is authorized: $(printf '%s' "$key" | cut -d' ' -f1,3-)"
  else
    # No terminal, no agent, no X11; connections through it, which health checks use, stay possible.
    printf 'restrict,port-forwarding %s\n' "$key" >>"$authorized"
    say "Authorized the key: $(printf '%s' "$key" | cut -d' ' -f1,3-)"
  fi
done

# --- The folders --------------------------------------------------------------------------------------------------------
printf '%s' "$paths" | while IFS= read -r path; do
  if [ -d "$path" ]; then
    say "$path is there."
  else
    install -d -m 755 -o "$user" -g "$group" "$path"
    say "Made $path."
  fi
  if [ ! -e "$path/.env" ]; then
    install -m 600 -o "$user" -g "$group" /dev/null "$path/.env"
    say "Made $path/.env, empty: write the app's settings into it."
  fi
done

# --- What to paste, and what to think of ---------------------------------------------------------------------------------
name=$host
[ "$port" = 22 ] || name="[$host]:$port"
say ''
say 'For the variable DEPLOY_KNOWN_HOSTS:'
for file in /etc/ssh/ssh_host_*_key.pub; do
  [ -e "$file" ] && awk -v name="$name" '{ print name, $1, $2 }' "$file"
done
say ''
say 'Not changed, and worth a look:'
say '- Firewall: let in the SSH port, 80 and 443. Ports that Docker publishes pass ufw by: publish those of databases and'
say '  dashboards as 127.0.0.1:5432:5432, or not at all.'
if command -v sshd >/dev/null 2>&1 && sshd -T 2>/dev/null | grep -qi '^passwordauthentication yes'; then
  say '- sshd accepts passwords: PasswordAuthentication no in /etc/ssh/sshd_config.d/, once your own key works.'
fi
swap=$(awk '/^SwapTotal:/ { print $2 }' /proc/meminfo)
[ "${swap:-0}" -gt 0 ] || say '- There is no swap: old and new containers run side by side for a moment, and the kernel kills what does not fit.'
say '- Security updates by themselves: apt-get install unattended-upgrades.'
