#!/usr/bin/env bash
# What teams do by hand: copy the files, set the tag, pull, migrate, up -d, ask until the new commit answers.
# The peer of the bench "chain": no lock, no digest, no drain, no way back.
set -euo pipefail
: "${DEPLOY_HOST:?}" "${DEPLOY_PORT:?}" "${DEPLOY_USER:?}" "${KEY_FILE:?}" "${KNOWN_HOSTS_FILE:?}" "${DEPLOY_PATH:?}"
: "${IMAGE:?}" "${EXPECT_SHA:?}" "${HEALTH_URL:?}" "${SOURCE:?}" "${REGISTRY:?}" "${REGISTRY_USERNAME:?}" "${REGISTRY_PASSWORD:?}"

ssh_options=(-i "$KEY_FILE" -p "$DEPLOY_PORT" -o "UserKnownHostsFile=$KNOWN_HOSTS_FILE" -o BatchMode=yes -o IdentitiesOnly=yes)
remote() { ssh "${ssh_options[@]}" "$DEPLOY_USER@$DEPLOY_HOST" "$@"; }

if command -v rsync >/dev/null; then
  rsync -rlpz --delete --exclude .env --exclude .github --exclude .deploy -e "ssh ${ssh_options[*]}" "$SOURCE/" "$DEPLOY_USER@$DEPLOY_HOST:$DEPLOY_PATH/"
else
  tar -C "$SOURCE" --exclude .env --exclude .github -cf - . | remote "tar -C '$DEPLOY_PATH' -xf -"
fi
printf '%s' "$REGISTRY_PASSWORD" | remote "docker login --username '$REGISTRY_USERNAME' --password-stdin '$REGISTRY'" >/dev/null 2>&1
remote "cd '$DEPLOY_PATH' && sed -i '/^APP_IMAGE=/d' .env && echo 'APP_IMAGE=$IMAGE' >> .env"
remote "cd '$DEPLOY_PATH' && docker compose --profile migrate pull --quiet app migrate && docker compose run --rm migrate && docker compose up -d" >/dev/null 2>&1
remote "docker logout '$REGISTRY'" >/dev/null 2>&1
for _ in $(seq 120); do
  if curl -fsS --max-time 2 "$HEALTH_URL" 2>/dev/null | grep -q "$EXPECT_SHA"; then exit 0; fi
  sleep 0.5
done
echo "the new commit did not answer in time" >&2
exit 1
