import type { BatchPart } from '../host/batch.ts';
import type { DeployPath } from './deploy-path.ts';
import type { RecordedPin } from './release.ts';

const blockStart = '# >>> deploy-actions: written by the last release; edit outside of this block';
const blockEnd = '# <<< deploy-actions';
/** Relative to deploy-path: the Compose override that `service=` pins live in. */
export const pinsFile = '.deploy/pins.yaml';

/** Pins of the current release, overridden by this step's; a pin of a service that left the model is dropped by the caller. */
export function mergePins(current: readonly RecordedPin[], given: readonly RecordedPin[]): readonly RecordedPin[] {
  const key = (pin: RecordedPin): string => `${pin.kind} ${pin.name}`;
  return [...new Map([...current, ...given].map((pin) => [key(pin), pin])).values()];
}

/** `VAR=repo@sha256:…` lines for `--env-file`; empty without such pins. */
export function renderPinsEnv(pins: readonly RecordedPin[]): string {
  return pins
    .filter((pin) => pin.kind === 'env')
    .map((pin) => `${pin.name}=${pin.ref}\n`)
    .join('');
}

/** A Compose override with the `service=` pins; empty without such pins. JSON strings are YAML strings. */
export function renderPinsOverride(pins: readonly RecordedPin[]): string {
  const services = pins.filter((pin) => pin.kind === 'service');
  if (services.length === 0) return '';
  const entries = services.map((pin) => `  ${JSON.stringify(pin.name)}:\n    image: ${JSON.stringify(pin.ref)}\n`);
  return `# Written by deploy-actions at the last release.\nservices:\n${entries.join('')}`;
}

/** What the marked block of `.env` says, so that plain `docker compose` resolves the model that was deployed (docs/architecture.md). */
export interface EnvBlock {
  /** In `-f` order, without pins.yaml. */
  readonly composeFiles: readonly string[];
  /** Only when the user named the project by input; else Compose finds the same name by itself. */
  readonly projectName: string | undefined;
  readonly profiles: readonly string[];
  readonly pins: readonly RecordedPin[];
}

/** The block, markers included; it stands at the end of `.env`, where a later line wins over an earlier one. */
export function renderEnvBlock(block: EnvBlock): string {
  const files = [...block.composeFiles, ...(renderPinsOverride(block.pins) === '' ? [] : [pinsFile])];
  const lines = [
    blockStart,
    `COMPOSE_FILE=${files.join(':')}`,
    ...(block.projectName === undefined ? [] : [`COMPOSE_PROJECT_NAME=${block.projectName}`]),
    ...(block.profiles.length === 0 ? [] : [`COMPOSE_PROFILES=${block.profiles.join(',')}`]),
    ...renderPinsEnv(block.pins).split('\n').filter(Boolean),
    blockEnd,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * $1 deploy path; stdin: the block, a line `===`, the override (may be empty). Both are written beside and renamed;
 * `.env` keeps its mode, and is made private where it did not exist. The block is read by the shell itself: users are
 * served meanwhile, and a program more costs more than a few hundred bytes read one by one. awk ends a last line without
 * its newline, which would swallow the first one of the block.
 */
const writeScript = `
set -eu
cd "$1"
umask 077
rm -f .env.deploy-next
if [ -e .env ]; then
  cp -p .env .env.deploy-next
  awk '/^# >>> deploy-actions/ { skip = 1 } !skip { print } /^# <<< deploy-actions/ { skip = 0 }' .env > .env.deploy-next
fi
while IFS= read -r line && [ "$line" != === ]; do printf '%s\\n' "$line"; done >> .env.deploy-next
# All of the block has come, or nothing is changed.
[ "$line" = === ]
cat > .deploy/pins.yaml.next
if [ -s .deploy/pins.yaml.next ]; then mv -f .deploy/pins.yaml.next .deploy/pins.yaml; else rm -f .deploy/pins.yaml.next .deploy/pins.yaml; fi
sync .env.deploy-next 2>/dev/null || sync
mv -f .env.deploy-next .env`;

/** Makes the pins what plain `docker compose` resolves: the last change of a rollout (I2 of docs/architecture.md). Idempotent. */
export function commitPinsPart(deployPath: DeployPath, block: EnvBlock): BatchPart {
  return {
    purpose: 'write the pins',
    source: writeScript,
    args: [deployPath],
    stdin: `${renderEnvBlock(block)}===\n${renderPinsOverride(block.pins)}`,
  };
}
