import type { Host } from '../host/host.ts';
import { configArgs, findSources, parseConfig, throwIfUnusable } from './compose-cli.ts';
import type { ComposeSettings } from './compose-settings.ts';

/** $1 base folder, then the command. Exit 90: the folder is missing. */
const readOnlyScript = 'cd "$1" 2>/dev/null || exit 90; shift; exec "$@"';

/**
 * The name that Compose itself gives the project in deploy-path: `name:` of a file, COMPOSE_PROJECT_NAME of an env file, or
 * the folder. It reads what a deploy would resolve, but writes nothing: for steps that only look.
 * @throws ComposeError COMPOSE_FILE_MISSING, ENV_FILE_MISSING, COMPOSE_INVALID, DOCKER_UNREACHABLE
 */
export async function resolveProjectName(host: Host, settings: ComposeSettings): Promise<string> {
  const scope = { host, settings, baseDir: settings.deployPath, pins: [] };
  const sources = await findSources(scope);
  const flags = [
    ...(settings.projectName === undefined ? [] : ['-p', settings.projectName]),
    ...sources.composeFiles.flatMap((file) => ['-f', file]),
    ...settings.profiles.flatMap((profile) => ['--profile', profile]),
    ...sources.envFiles.flatMap((file) => ['--env-file', file]),
  ];
  const command = ['env', '-u', 'COMPOSE_FILE', 'docker', 'compose', ...flags, ...configArgs];
  const result = await host.script(readOnlyScript, [settings.deployPath, ...command]);
  throwIfUnusable(scope, result);
  return parseConfig(scope, sources, result).name;
}
