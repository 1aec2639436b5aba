import type { ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { parseComposeModel } from '@deploy-actions/kit/compose/model';
import { lastLines, type Host } from '@deploy-actions/kit/host/host';
import { GateError } from './error.ts';

/**
 * $1 deploy path, $2 folder of the first Compose file (with its slash, or empty), $3 env file or empty, then flags.
 * Compose looks for `.env` beside the first file, the deploy keeps its pins in deploy-path, and one --env-file hides all
 * others; so all that exist are named, in the order in which the deploy names them.
 * Compose's output may hold interpolated secrets; only the name is read from it.
 */
const configScript = `
cd "$1" || exit 90
folder=$2; extra=$3; shift 3
if [ -n "$folder$extra" ]; then
  for file in "$extra" .env "\${folder:+\${folder}.env}"; do
    [ -z "$file" ] || [ ! -f "$file" ] || set -- --env-file "$file" "$@"
  done
fi
docker compose "$@" config --format json`;

/**
 * The name under which Compose labelled the project's containers: the one given, or the one that Compose itself finds in
 * deploy-path (a `name:` of the file, COMPOSE_PROJECT_NAME of `.env`, or the folder).
 * @throws GateError PROJECT_UNKNOWN
 */
export async function findProjectName(host: Host, compose: ComposeSettings): Promise<string> {
  if (compose.projectName !== undefined) return compose.projectName;
  const folder = /^.*\//.exec(compose.composeFiles[0] ?? '')?.[0] ?? '';
  const args = [compose.deployPath, folder, compose.envFile ?? '', ...composeFlags(compose)];
  const result = await host.script(configScript, args);
  if (result.code === 0) return parseComposeModel(result.stdout).name;
  throw new GateError({
    code: 'PROJECT_UNKNOWN',
    message: `${host.name}: docker compose cannot read the project in ${compose.deployPath}, so the containers of its services are not known.`,
    hint: 'Give `project-name`, or `compose-files` and `env-file` as the deploy step has them.',
    evidence: lastLines(result.stderr, 10),
  });
}

/** Everything of `docker compose` that comes before the command. */
function composeFlags(compose: ComposeSettings): readonly string[] {
  return [
    ...compose.composeFiles.flatMap((file) => ['-f', file]),
    ...compose.profiles.flatMap((profile) => ['--profile', profile]),
  ];
}
