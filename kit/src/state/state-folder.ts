import { DeployError } from '../action/errors.ts';
import type { BatchPart, PartResult } from '../host/batch.ts';
import type { Host } from '../host/host.ts';
import { describeSystemFolder, systemFunction, type DeployPath } from './deploy-path.ts';

export type StateErrorCode = 'DEPLOY_PATH_UNUSABLE' | 'STATE_FORMAT_UNKNOWN' | 'NO_SPACE';
export class StateError extends DeployError<StateErrorCode> {}

/** The layout version of `.deploy/` that this code reads and writes (docs/architecture.md). */
const format = '1';

/**
 * $1 deploy path, $2 format. Exit 3: not there; 4: not writable; 5: other format (printed); 6: a system folder (printed).
 * `.deploy` is private to the deploying user: its files name images, people and paths. What a killed command left of its
 * pins (compose-cli.ts) goes after an hour: no command lives that long.
 */
const ensureScript = `
set -eu
${systemFunction}[ -d "$1" ] || exit 3
# What the system itself says of it: a mount may be read-only, a user be without rights.
if [ ! -w "$1" ] || [ ! -x "$1" ]; then mkdir "$1/.deploy-try" || exit 4; rmdir "$1/.deploy-try"; fi
cd "$1"
if is_system "$(pwd -P)"; then pwd -P; exit 6; fi
if [ -e .deploy/format ]; then
  found=$(cat .deploy/format); [ "$found" = "$2" ] || { printf '%s' "$found"; exit 5; }
  # BusyBox's test takes a read-only mount for writable; nothing is written.
  said=$({ : >> .deploy/format; } 2>&1) || case $said in *ead-only*) printf '%s\\n' "$said" >&2; exit 4 ;; esac
else
  mkdir -p -m 0700 .deploy
  printf '%s\\n' "$2" > .deploy/format
fi
mkdir -p -m 0700 .deploy/journal .deploy/releases .deploy/staged .deploy/files .deploy/backups
for f in .deploy/tmp-*; do
  if [ -e "$f" ]; then find .deploy -maxdepth 1 -name 'tmp-*' -mmin +60 -exec rm -rf {} + 2>/dev/null || true; break; fi
done`;

/**
 * Makes `.deploy/` if it is missing, and refuses a layout of a newer version of these actions.
 * @throws StateError naming deploy-path when it does not exist or cannot be written
 */
export async function ensureStateFolder(host: Host, deployPath: DeployPath): Promise<void> {
  const result = await host.script(ensureScript, [deployPath, format]);
  if (result.code !== 0) throw stateFailed(host, deployPath, result);
}

/** {@link ensureStateFolder} as a part. */
export function ensureStatePart(host: Host, deployPath: DeployPath): BatchPart {
  return {
    purpose: 'make the state folder',
    source: ensureScript,
    args: [deployPath, format],
    fail: (result) => stateFailed(host, deployPath, result),
  };
}

function stateFailed(host: Host, deployPath: DeployPath, result: PartResult): StateError {
  const where = `input \`deploy-path\`: ${deployPath} on ${host.name}`;
  if (result.code === 3)
    return new StateError({
      code: 'DEPLOY_PATH_UNUSABLE',
      message: `${where} does not exist.`,
      hint: `Make it once: install -d -o <deploy user> ${deployPath}`,
    });
  if (result.code === 5)
    return new StateError({
      code: 'STATE_FORMAT_UNKNOWN',
      message: `${where}: .deploy/format is ${JSON.stringify(result.stdout)}, this version knows ${JSON.stringify(format)}.`,
      hint: 'A newer version of these actions deployed here. Use that version or a later one.',
    });
  if (result.code === 6)
    return new StateError({
      code: 'DEPLOY_PATH_UNUSABLE',
      message: describeSystemFolder(deployPath, host.name, result.stdout.trim()),
      hint: 'Give the project a folder of its own, for example /srv/my-app.',
    });
  if (/Read-only file system/i.test(result.stderr))
    return new StateError({
      code: 'DEPLOY_PATH_UNUSABLE',
      message: `${where} is on a file system that is mounted read-only: ${result.stderr.trim()}. Nothing was changed.`,
      hint: 'Remount it writable; Linux does that by itself after errors of the disk (dmesg says so).',
    });
  if (/No space left|quota/i.test(result.stderr))
    return new StateError({
      code: 'NO_SPACE',
      message: `${where}: its disk is full: ${result.stderr.trim()}. Nothing was changed.`,
      hint: 'Make room on the server: docker image prune, old backups, logs.',
    });
  return new StateError({
    code: 'DEPLOY_PATH_UNUSABLE',
    message: `${where} cannot be written by this user${result.stderr.trim() === '' ? '' : `: ${result.stderr.trim()}`}.`,
    hint: 'Give the folder to the deploy user: chown -R <deploy user> on the server.',
  });
}
