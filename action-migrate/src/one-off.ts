import { scriptOrThrow, type Host } from '@deploy-actions/kit/host/host';
import { asObject, textOf, type Json } from '@deploy-actions/kit/json/json';
import { oneOffLabels } from '@deploy-actions/kit/state/one-off';
import { oneOffKind } from './run-plan.ts';

/** A one-off container of this action, as the server shows it. Times are milliseconds since the epoch, by its clock. */
export interface OneOff {
  readonly name: string;
  /** `created`: never started. */
  readonly state: 'created' | 'running' | 'ended';
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** What the server's clock said at the look. */
  readonly seenAtMs: number;
  readonly runKey: string;
  readonly planHash: string;
  readonly number: number;
}

/** $1 filter, $2 filter. Prints the server's time, then one JSON line a container; one that vanishes meanwhile is left out. */
const findScript = `
ids=$(docker ps -aq --no-trunc --filter "$1" --filter "$2") || exit 1
date -u +%s
[ -z "$ids" ] && exit 0
docker inspect --type container --format '{"name":{{json .Name}},"state":{{json .State}},"labels":{{json .Config.Labels}}}' $ids 2>/dev/null || docker ps -q >/dev/null || exit 1
exit 0`;

const timeoutMs = 30_000;

/** Every one-off of this action in a project folder, ended or not. */
export async function findOneOffs(host: Host, deployPath: string): Promise<readonly OneOff[]> {
  const filters = [`label=${oneOffLabels.kind}=${oneOffKind}`, `label=${oneOffLabels.deployPath}=${deployPath}`];
  const result = await scriptOrThrow(host, 'look for one-off containers', findScript, filters, { timeoutMs });
  return parseOneOffs(result.stdout);
}

/** One of them by its name; undefined when there is none. */
export async function findOneOff(host: Host, name: string): Promise<OneOff | undefined> {
  // Docker's name filter is a pattern that matches anywhere.
  const filters = [`name=^/?${name.replaceAll('.', '\\.')}$`, `label=${oneOffLabels.kind}=${oneOffKind}`];
  const result = await scriptOrThrow(host, `look at the container ${name}`, findScript, filters, { timeoutMs });
  return parseOneOffs(result.stdout).find((oneOff) => oneOff.name === name);
}

/** Parses the output of the script: the time in seconds, then a JSON object a line (engine 20.10 to 29). */
export function parseOneOffs(output: string): readonly OneOff[] {
  const [time = '', ...lines] = output.split('\n');
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => parseOneOff(asObject(JSON.parse(line)), Number(time)));
}

function parseOneOff(entry: Json, seconds: number): OneOff {
  const state = asObject(entry['state']);
  const labels = asObject(entry['labels']);
  return {
    name: textOf(entry['name']).replace(/^\//, ''),
    state: parseState(textOf(state['Status'])),
    exitCode: typeof state['ExitCode'] === 'number' ? state['ExitCode'] : 0,
    isOutOfMemory: state['OOMKilled'] === true,
    startedAtMs: Date.parse(textOf(state['StartedAt'])),
    finishedAtMs: Date.parse(textOf(state['FinishedAt'])),
    seenAtMs: seconds * 1000,
    runKey: textOf(labels[oneOffLabels.run]),
    planHash: textOf(labels[oneOffLabels.plan]),
    number: Number(labels[oneOffLabels.number] ?? 0),
  };
}

function parseState(status: string): OneOff['state'] {
  if (status === 'created') return 'created';
  return status === 'running' || status === 'paused' || status === 'restarting' ? 'running' : 'ended';
}

/** Removes containers with their anonymous volumes; one that is gone already is fine. */
export async function removeOneOffs(host: Host, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await host.exec(['docker', 'rm', '--force', '--volumes', ...names], { timeoutMs });
}
