import { describeThrown } from '@deploy-actions/kit/action/errors';
import { chooseStaleImages, type ImageUse } from './stale-images.ts';
import type { Session } from './session.ts';

/**
 * $1 deploy path, then references with digest. Removes those that nobody needs: not the image of any container, running
 * or not, and not in the ledger of another project: beside this one, or where a container of the server came from. A
 * ledger that cannot be read might name any of them, so nothing is removed. `docker rmi` without force refuses the rest.
 * Prints `removed REF`, `kept REF: why`, or `unreadable FOLDER`.
 */
const removeScript = `
own=$(cd "$1" && pwd -P) || exit 1
shift
used=$(docker ps -aq --no-trunc | xargs -r docker inspect --type container --format '{{.Image}}' 2>/dev/null)
folders=$({ docker ps -a --format '{{.Label "com.docker.compose.project.working_dir"}}'; for d in "\${own%/*}"/*; do printf '%s\\n' "$d"; done; } | sort -u)
ledgers=$(printf '%s\\n' "$folders" | while IFS= read -r d; do
  [ -n "$d" ] && real=$(cd "$d" 2>/dev/null && pwd -P) && [ "$real" != "$own" ] && [ -e "$real/.deploy" ] || continue
  ls "$real/.deploy/releases" >/dev/null 2>&1 || { printf 'UNREADABLE %s\\n' "$real"; continue; }
  cat "$real"/.deploy/releases/*.json 2>/dev/null
done)
case $ledgers in *'UNREADABLE '*) printf '%s\\n' "$ledgers" | sed -n 's/^UNREADABLE /unreadable /p'; exit 0 ;; esac
for ref; do
  id=$(docker image inspect --format '{{.Id}}' "$ref" 2>/dev/null) || continue
  case $used in *"$id"*) printf 'kept %s: a container uses it\\n' "$ref"; continue ;; esac
  case $ledgers in *"\${ref##*@}"*) printf 'kept %s: another project has deployed it\\n' "$ref"; continue ;; esac
  if said=$(docker rmi "$ref" 2>&1 >/dev/null); then printf 'removed %s\\n' "$ref"
  else printf 'kept %s: %s\\n' "$ref" "$(printf '%s' "$said" | tr '\\n' ' ')"; fi
done`;

const removeTimeoutMs = 120_000;

/** Removes old images of this project after a commit. A failure is said and never fails the deploy, which is done. */
export async function cleanImages(session: Session, use: ImageUse): Promise<void> {
  const stale = chooseStaleImages(use);
  if (stale.length === 0) return;
  const { host, inputs, log } = session;
  try {
    const args = [inputs.settings.deployPath, ...stale];
    const result = await host.script(removeScript, args, { timeoutMs: removeTimeoutMs });
    for (const line of describeRemoval(result.stdout, use.retain)) log(`images: ${line}`);
    if (result.code !== 0) log(`images: old ones were not cleaned up: ${result.stderr.trim()}`);
  } catch (thrown) {
    log(`images: old ones were not cleaned up: ${describeThrown(thrown)}`);
  }
}

/** Pure: what the script above printed, for the log. */
export function describeRemoval(stdout: string, retain: number): readonly string[] {
  const lines = stdout.split('\n');
  const count = (word: string): number => lines.filter((line) => line.startsWith(`${word} `)).length;
  const folder = lines.find((line) => line.startsWith('unreadable '))?.slice('unreadable '.length);
  return [
    ...(count('removed') === 0
      ? []
      : [`removed ${count('removed')} that no rollback to the last ${retain} releases needs`]),
    ...(count('kept') === 0 ? [] : [`${count('kept')} old ones stay: containers or other projects use them`]),
    ...(folder === undefined ? [] : [`old ones stay: the ledger in ${folder} cannot be read, and may name them`]),
  ];
}
