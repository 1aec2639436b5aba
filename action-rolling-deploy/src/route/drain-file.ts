import { lastWords, type Withdraw } from './route-work.ts';

/**
 * $1 container, $2 file, $3 tenths of a second to wait until its own health check says no: the check is the image's or the
 * compose file's, run by hand, because Docker would run it only at its next interval. Prints what was seen.
 */
const drainScript = `
docker exec "$1" touch "$2" || docker exec --user 0 "$1" touch "$2" || exit 1
kind=$(docker inspect -f '{{with .Config.Healthcheck}}{{if .Test}}{{index .Test 0}}{{end}}{{end}}' "$1")
id=$1 tenths=$3
case $kind in
  CMD-SHELL)
    set -- sh -c "$(docker inspect -f '{{index .Config.Healthcheck.Test 1}}' "$id")" ;;
  CMD)
    set --
    words=$(docker inspect -f '{{range $i, $w := .Config.Healthcheck.Test}}{{if $i}}{{json $w}}{{println}}{{end}}{{end}}' "$id" | sed 's/^"//; s/"$//; s/\\\\"/"/g; s/\\\\\\\\/\\\\/g')
    while IFS= read -r word; do [ -z "$word" ] || set -- "$@" "$word"; done <<WORDS
$words
WORDS
    ;;
  *) echo unchecked; exit 0 ;;
esac
count=0
while docker exec "$id" "$@" >/dev/null 2>&1; do
  count=$((count + 2)); [ "$count" -lt "$tenths" ] || { echo healthy; exit 0; }
  sleep 0.2
done
echo drained`;

const noticeTenths = 50;

const sentences: Readonly<Record<string, string>> = {
  drained: 'its health check says no',
  healthy: 'WARNING: its health check still passes after 5s: does the app look for this file?',
  unchecked: 'it has no health check to prove it by',
};

/**
 * The old container is shown a file at whose sight its health check says no; proved by asking that check. The proxy's own
 * check needs its interval: that is what drain-wait is for, and the caller waits it.
 */
export const withdrawByFile: Withdraw = ({ log }, route, container) => {
  const file = route.drainFile ?? '';
  return [
    {
      purpose: 'show the drain file',
      source: drainScript,
      args: [container.id, file, String(noticeTenths)],
      mayFail: true,
      onDone: (result) => {
        const said = sentences[result.stdout.trim()] ?? `WARNING: it could not be made: ${lastWords(result)}; going on`;
        log(`${container.name}: drain file ${file}: ${said}`);
      },
    },
  ];
};
