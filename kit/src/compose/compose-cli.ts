import { randomBytes } from 'node:crypto';
import type { ExecOptions, ExecResult, Host } from '../host/host.ts';
import { lastLines } from '../host/host.ts';
import { renderPinsEnv, renderPinsOverride } from '../state/pins.ts';
import type { RecordedPin } from '../state/release.ts';
import type { ComposeSettings } from './compose-settings.ts';
import { ComposeError, parseComposeModel, type ComposeModel } from './model.ts';

/** One view of the user's project: which files, seen from which folder, with which pins. */
export interface ComposeScope {
  readonly host: Host;
  readonly settings: ComposeSettings;
  /** deploy-path, or a staged view of it (staged-view.ts). */
  readonly baseDir: string;
  readonly pins: readonly RecordedPin[];
}

/**
 * $1 base folder, $2 folder for the pins of this call, $3 env pins, $4 override, $5 file list (one a line),
 * then the command. Exit 90: base folder missing; 91: a file is missing (printed).
 */
const runScript = `
cd "$1" 2>/dev/null || exit 90
pins=$2
printf '%s\\n' "$5" | { while IFS= read -r f; do [ -z "$f" ] || [ -f "$f" ] || { printf '%s' "$f"; exit 91; }; done; } || exit 91
trap 'rm -rf "$pins"' EXIT
mkdir -p "$pins" && printf '%s' "$3" > "$pins/pins.env" && printf '%s' "$4" > "$pins/pins.yaml" || exit 92
shift 5
"$@"`;

/** The names Compose looks for, in its order; the first that exists wins, with its override beside it. */
const findScript = `
cd "$1" 2>/dev/null || exit 90
named=$(sed '/^# >>> deploy-actions/,/^# <<< deploy-actions/d' .env 2>/dev/null | sed -n 's/^COMPOSE_FILE=//p' | tail -n 1)
if [ -n "$named" ]; then printf '%s\\n' "$named" | tr ':' '\\n'; exit 0; fi
for f in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
  [ -f "$f" ] || continue
  echo "$f"
  for o in compose.override.yml compose.override.yaml docker-compose.override.yml docker-compose.override.yaml; do
    if [ -f "$o" ]; then echo "$o"; break; fi
  done
  break
done
exit 0`;

/** The project's Compose files in `-f` order, as plain `docker compose` would find them where none are given. */
export async function findComposeFiles(scope: ComposeScope): Promise<readonly string[]> {
  if (scope.settings.composeFiles.length > 0) return scope.settings.composeFiles;
  const result = await scope.host.script(findScript, [scope.baseDir]);
  const files = result.stdout.split('\n').filter((line) => line !== '');
  if (files.length > 0) return files;
  throw new ComposeError({
    code: 'COMPOSE_FILE_MISSING',
    message: `no compose file in ${scope.settings.deployPath} on ${scope.host.name}.`,
    hint: 'Sync one there with action-sync-remote, or name it in `compose-files`.',
  });
}

/**
 * Runs `docker compose <args>` on the project's own files with the given pins, in the order that plain `docker compose`
 * uses after the commit: the project's `.env`, then `env-file`, then pins.
 * @throws ComposeError COMPOSE_FILE_MISSING, ENV_FILE_MISSING, DOCKER_UNREACHABLE
 */
export async function runCompose(
  scope: ComposeScope,
  files: readonly string[],
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { host, settings, baseDir, pins } = scope;
  const pinsDir = `${settings.deployPath}/.deploy/tmp-${randomBytes(6).toString('hex')}`;
  const override = renderPinsOverride(pins);
  const envFiles = await existingEnvFiles(scope, files);
  const flags = [
    ...(settings.projectName === undefined ? [] : ['-p', settings.projectName]),
    ...[...files, ...(override === '' ? [] : [`${pinsDir}/pins.yaml`])].flatMap((file) => ['-f', file]),
    ...settings.profiles.flatMap((profile) => ['--profile', profile]),
    ...[...envFiles, `${pinsDir}/pins.env`].flatMap((file) => ['--env-file', file]),
  ];
  // A variable of the login environment would win over every env file; a pin must not lose to it.
  const unset = pins.filter((pin) => pin.kind === 'env').flatMap((pin) => ['-u', pin.name]);
  const command = ['env', '-u', 'COMPOSE_FILE', ...unset, 'docker', 'compose', ...flags, ...args];
  const result = await host.script(
    runScript,
    [baseDir, pinsDir, renderPinsEnv(pins), override, files.join('\n'), ...command],
    options,
  );
  throwIfUnusable(scope, result);
  return result;
}

/** `.env` beside the first Compose file, `.env` of deploy-path, and `env-file`: those that exist; `env-file` must. */
async function existingEnvFiles(scope: ComposeScope, files: readonly string[]): Promise<readonly string[]> {
  const { host, settings, baseDir } = scope;
  const folder = files[0]?.includes('/') === true ? `${files[0].replace(/\/[^/]*$/, '')}/` : '';
  const wanted = [...new Set([`${folder}.env`, '.env', ...(settings.envFile === undefined ? [] : [settings.envFile])])];
  const result = await host.script('cd "$1" || exit 0; shift; for f; do [ -f "$f" ] && echo "$f"; done; exit 0', [
    baseDir,
    ...wanted,
  ]);
  const found = result.stdout.split('\n').filter((line) => line !== '');
  if (settings.envFile !== undefined && !found.includes(settings.envFile))
    throw new ComposeError({
      code: 'ENV_FILE_MISSING',
      message: `input \`env-file\`: ${settings.deployPath}/${settings.envFile} does not exist on ${host.name}.`,
      hint: 'Create it on the server once; it is never synced, because it holds secrets.',
    });
  return found;
}

function throwIfUnusable(scope: ComposeScope, result: ExecResult): void {
  const { host, settings } = scope;
  if (result.code === 90)
    throw new ComposeError({
      code: 'COMPOSE_FILE_MISSING',
      message: `${settings.deployPath} does not exist on ${host.name}.`,
    });
  if (result.code === 91)
    throw new ComposeError({
      code: 'COMPOSE_FILE_MISSING',
      message: `input \`compose-files\`: ${JSON.stringify(result.stdout.trim())} does not exist in ${settings.deployPath} on ${host.name}.`,
      hint: 'Paths are relative to deploy-path. Is it among the files that action-sync-remote sends?',
    });
  if (result.code === 127 || /is not a docker command|unknown shorthand flag: 'p'/.test(result.stderr))
    throw new ComposeError({
      code: 'DOCKER_UNREACHABLE',
      message: `${host.name}: docker with the Compose plugin was not found.`,
      hint: 'Install Docker Engine and the docker-compose-plugin (Compose 2.20 or newer) on the server.',
    });
}

/**
 * The resolved model of a scope. Paths of a staged view are rewritten to deploy-path, where they will be.
 * @throws ComposeError also COMPOSE_INVALID with Compose's own words
 */
export async function resolveModel(scope: ComposeScope): Promise<ComposeModel> {
  const files = await findComposeFiles(scope);
  const result = await runCompose(scope, files, ['config', '--format', 'json']);
  if (result.code !== 0) throw invalidModel(scope, result);
  const inJson = (path: string): string => JSON.stringify(path).slice(1, -1);
  const text = result.stdout.replaceAll(inJson(scope.baseDir), inJson(scope.settings.deployPath));
  return parseComposeModel(text, files);
}

function invalidModel(scope: ComposeScope, result: ExecResult): ComposeError {
  const said = lastLines(result.stderr, 3).join(' ').trim().replaceAll(scope.baseDir, scope.settings.deployPath);
  const isImported = /imported compose file defines conflicting service|conflicts with imported resource/.test(said);
  return new ComposeError({
    code: 'COMPOSE_INVALID',
    message: `the compose files in ${scope.settings.deployPath} are not valid: ${said}`,
    hint: isImported
      ? 'Compose refuses to override an included service: write its image as ${API_IMAGE} in the file and pin it as API_IMAGE=… in `images`.'
      : 'Nothing was changed. Try `docker compose config` on the files you sync.',
  });
}

/** argv of `docker compose` on a resolved model; pass `model.text` as stdin. */
export function composeFromModel(
  model: ComposeModel,
  settings: ComposeSettings,
  args: readonly string[],
): readonly string[] {
  const profiles = settings.profiles.flatMap((profile) => ['--profile', profile]);
  return [
    'docker',
    'compose',
    '-p',
    model.name,
    '--project-directory',
    settings.deployPath,
    '-f',
    '-',
    ...profiles,
    ...args,
  ];
}
