import { randomBytes } from 'node:crypto';
import { noResult, runBatch, type BatchPart, type PartResult } from '../host/batch.ts';
import { commandFailed, lastLines, type ExecOptions, type Host } from '../host/host.ts';
import { renderPinsEnv, renderPinsOverride } from '../state/pins.ts';
import type { RecordedPin } from '../state/release.ts';
import { composeArgv } from './compose-plugin.ts';
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
# A cancelled step is told to stop by TERM, and of a signal's death dash and BusyBox make no EXIT.
trap 'exit 129' HUP; trap 'exit 143' TERM
mkdir -p "$pins" && printf '%s' "$3" > "$pins/pins.env" && printf '%s' "$4" > "$pins/pins.yaml" || exit 92
shift 5
"$@"`;

/**
 * $1 base folder, $2 env-file or empty, then the named compose files. Prints `file <path>` and `env <path>` lines: the
 * compose files as named, as the user's COMPOSE_FILE in `.env` says, or as Compose looks for them (the first name that
 * exists, with its override beside it); and the env files that exist, in the order of plain `docker compose`.
 */
const findScript = `
cd "$1" 2>/dev/null || exit 90
extra=$2; shift 2
if [ $# -eq 0 ]; then
  named=$(sed '/^# >>> deploy-actions/,/^# <<< deploy-actions/d' .env 2>/dev/null | sed -n 's/^COMPOSE_FILE=//p' | tail -n 1)
  if [ -n "$named" ]; then
    IFS=:; set -f; set -- $named; unset IFS
  else
    for f in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
      [ -f "$f" ] || continue
      set -- "$f"
      for o in compose.override.yml compose.override.yaml docker-compose.override.yml docker-compose.override.yaml; do
        if [ -f "$o" ]; then set -- "$@" "$o"; break; fi
      done
      break
    done
  fi
fi
for f; do printf 'file %s\\n' "$f"; done
case "\${1:-}" in
  */*) [ ! -f "\${1%/*}/.env" ] || printf 'env %s\\n' "\${1%/*}/.env" ;;
esac
for e in .env "$extra"; do [ -z "$e" ] || [ ! -f "$e" ] || printf 'env %s\\n' "$e"; done
exit 0`;

/** What a project is resolved from, in `-f` and `--env-file` order; paths are relative to its base folder. */
export interface ComposeSources {
  readonly composeFiles: readonly string[];
  readonly envFiles: readonly string[];
}

/**
 * The project's files as plain `docker compose` would find them where none are named.
 * @throws ComposeError COMPOSE_FILE_MISSING, ENV_FILE_MISSING
 */
export async function findSources(scope: ComposeScope): Promise<ComposeSources> {
  const [result] = await runBatch(scope.host, [findSourcesPart(scope)]);
  return parseSources(scope, result?.stdout ?? '');
}

/** {@link findSources} as a part; {@link parseSources} reads its output. */
export function findSourcesPart(scope: ComposeScope): BatchPart {
  const { settings, baseDir } = scope;
  return {
    purpose: 'find the compose files',
    source: findScript,
    args: [baseDir, settings.envFile ?? '', ...settings.composeFiles],
    fail: (result) => unusable(scope, result) ?? commandFailed(scope.host, 'find the compose files', result),
  };
}

/** Pure part of {@link findSources}. @throws ComposeError COMPOSE_FILE_MISSING, ENV_FILE_MISSING */
export function parseSources(scope: ComposeScope, stdout: string): ComposeSources {
  const { host, settings } = scope;
  const found = (kind: string): readonly string[] => [
    ...new Set(
      stdout.split('\n').flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : [])),
    ),
  ];
  const sources = { composeFiles: found('file'), envFiles: found('env') };
  if (sources.composeFiles.length === 0)
    throw new ComposeError({
      code: 'COMPOSE_FILE_MISSING',
      message: `no compose file in ${settings.deployPath} on ${host.name}.`,
      hint: 'Sync one there with action-sync-remote, or name it in `compose-files`.',
    });
  if (settings.envFile !== undefined && !sources.envFiles.includes(settings.envFile))
    throw new ComposeError({
      code: 'ENV_FILE_MISSING',
      message: `input \`env-file\`: ${settings.deployPath}/${settings.envFile} does not exist on ${host.name}.`,
      hint: 'Create it on the server once; it is never synced, because it holds secrets.',
    });
  return sources;
}

/**
 * Runs `docker compose <args>` on the project's own files with the given pins, in the order that plain `docker compose`
 * uses after the commit: the project's `.env`, then `env-file`, then pins.
 * @throws ComposeError COMPOSE_FILE_MISSING, DOCKER_UNREACHABLE
 */
export async function runCompose(
  scope: ComposeScope,
  sources: ComposeSources,
  args: readonly string[],
  options: Pick<ExecOptions, 'timeoutMs' | 'signal'> = {},
): Promise<PartResult> {
  const [result = noResult] = await runBatch(scope.host, [composePart(scope, sources, args)], options);
  throwIfUnusable(scope, result);
  return result;
}

/** {@link runCompose} as a part. It may fail: give its result to {@link throwIfUnusable}, and look at its code. */
export function composePart(scope: ComposeScope, sources: ComposeSources, args: readonly string[]): BatchPart {
  const { settings, baseDir, pins } = scope;
  const pinsDir = `${settings.deployPath}/.deploy/tmp-${randomBytes(6).toString('hex')}`;
  const override = renderPinsOverride(pins);
  const flags = [
    ...(settings.projectName === undefined ? [] : ['-p', settings.projectName]),
    ...[...sources.composeFiles, ...(override === '' ? [] : [`${pinsDir}/pins.yaml`])].flatMap((file) => ['-f', file]),
    ...settings.profiles.flatMap((profile) => ['--profile', profile]),
    ...[...sources.envFiles, `${pinsDir}/pins.env`].flatMap((file) => ['--env-file', file]),
  ];
  // A variable of the login environment would win over every env file; a pin must not lose to it.
  const unset = pins.filter((pin) => pin.kind === 'env').flatMap((pin) => ['-u', pin.name]);
  const command = ['env', '-u', 'COMPOSE_FILE', ...unset, ...composeArgv(scope.host, [...flags, ...args])];
  return {
    purpose: `docker compose ${args[0] ?? ''}`,
    source: runScript,
    args: [baseDir, pinsDir, renderPinsEnv(pins), override, sources.composeFiles.join('\n'), ...command],
    mayFail: true,
  };
}

/** @throws ComposeError COMPOSE_FILE_MISSING, DOCKER_UNREACHABLE: Compose was not run at all */
export function throwIfUnusable(scope: ComposeScope, result: PartResult): void {
  const error = unusable(scope, result);
  if (error !== undefined) throw error;
}

function unusable(scope: ComposeScope, result: PartResult): ComposeError | undefined {
  const { host, settings } = scope;
  if (result.code === 90)
    return new ComposeError({
      code: 'COMPOSE_FILE_MISSING',
      message: `${settings.deployPath} does not exist on ${host.name}.`,
    });
  if (result.code === 91)
    return new ComposeError({
      code: 'COMPOSE_FILE_MISSING',
      message: `input \`compose-files\`: ${JSON.stringify(result.stdout.trim())} does not exist in ${settings.deployPath} on ${host.name}.`,
      hint: 'Paths are relative to deploy-path. Is it among the files that action-sync-remote sends?',
    });
  if (result.code === 127 || /is not a docker command|unknown shorthand flag: 'p'/.test(result.stderr))
    return new ComposeError({
      code: 'DOCKER_UNREACHABLE',
      message: `${host.name}: docker with the Compose plugin was not found.`,
      hint: 'Install Docker Engine and the docker-compose-plugin (Compose 2.20 or newer) on the server.',
    });
  return undefined;
}

/**
 * The resolved model of a scope. Paths of a staged view are rewritten to deploy-path, where they will be.
 * @throws ComposeError those of {@link findSources}, and COMPOSE_INVALID with Compose's own words
 */
export async function resolveModel(scope: ComposeScope): Promise<ComposeModel> {
  const sources = await findSources(scope);
  const result = await runCompose(scope, sources, configArgs);
  return parseConfig(scope, sources, result);
}

/** What {@link parseConfig} reads the output of. */
export const configArgs = ['config', '--format', 'json'] as const;

/** Pure part of {@link resolveModel}. @throws ComposeError COMPOSE_INVALID with Compose's own words */
export function parseConfig(scope: ComposeScope, sources: ComposeSources, result: PartResult): ComposeModel {
  if (result.code !== 0) throw invalidModel(scope, result);
  const inJson = (path: string): string => JSON.stringify(path).slice(1, -1);
  const text = result.stdout.replaceAll(inJson(scope.baseDir), inJson(scope.settings.deployPath));
  return parseComposeModel(text, sources);
}

function invalidModel(scope: ComposeScope, result: PartResult): ComposeError {
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
  return ['docker', 'compose', ...modelArguments(model, settings, args)];
}

/** {@link composeFromModel} without the program, for composeArgv. */
export function modelArguments(
  model: ComposeModel,
  settings: ComposeSettings,
  args: readonly string[],
): readonly string[] {
  const profiles = settings.profiles.flatMap((profile) => ['--profile', profile]);
  return ['-p', model.name, '--project-directory', settings.deployPath, '-f', '-', ...profiles, ...args];
}
