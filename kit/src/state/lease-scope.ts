import { badInput, type InputReader } from '../action/inputs.ts';
import type { Host } from '../host/host.ts';
import type { Duration } from '../time/duration.ts';
import { parseDeployPath, type DeployPath } from './deploy-path.ts';
import { StateError } from './state-folder.ts';

/** What one deploy keeps others from: its own project, or everything that is deployed to the server. */
export type LeaseScope =
  | { readonly kind: 'project' }
  /** A folder on the server that every deploy of it names; a lease in it comes before the project's own. */
  | { readonly kind: 'host'; readonly folder: DeployPath };

/** How a step asks for the lease. */
export interface LeaseWish {
  /** How long it waits while another run holds it. */
  readonly waitMs: Duration;
  readonly scope: LeaseScope;
}

/** Reads `lock-wait` and `lease-scope` (or DEPLOY_LEASE_SCOPE). @throws ConfigurationError */
export function readLeaseWish(inputs: InputReader): LeaseWish {
  return { waitMs: inputs.duration('lock-wait'), scope: readLeaseScope(inputs) };
}

/** Reads `lease-scope`: `project`, or `host:` and a folder of the server. @throws ConfigurationError */
export function readLeaseScope(inputs: InputReader): LeaseScope {
  const text = inputs.optional('lease-scope', { env: 'DEPLOY_LEASE_SCOPE' }) ?? 'project';
  if (text === 'project') return { kind: 'project' };
  const folder = /^host:(\/.+)$/.exec(text)?.[1];
  if (folder === undefined)
    throw badInput('lease-scope', text, '`project`, or `host:` and an absolute folder (host:/srv/deploys)');
  return { kind: 'host', folder: parseDeployPath(folder, 'lease-scope') };
}

/** A lease to take, and the name of the step's state that tells its post step of it. */
export interface LeaseSeat {
  readonly folder: DeployPath;
  readonly stateName: 'lease' | 'host-lease';
}

/** In the order in which every step takes them: two runs cannot each hold what the other waits for. Pure. */
export function leaseSeats(scope: LeaseScope, deployPath: DeployPath): readonly LeaseSeat[] {
  const own: LeaseSeat = { folder: deployPath, stateName: 'lease' };
  if (scope.kind === 'project' || scope.folder === deployPath) return [own];
  return [{ folder: scope.folder, stateName: 'host-lease' }, own];
}

/** $1 the folder. Its `.deploy` may be somebody else's, shared by a group: then its modes are left alone. */
const ensureScript = `
[ -d "$1" ] || exit 3
[ -d "$1/.deploy" ] || mkdir -m 0700 "$1/.deploy" || exit 4
[ -w "$1/.deploy" ] && [ -x "$1/.deploy" ] || exit 4`;

/** @throws StateError DEPLOY_PATH_UNUSABLE naming `lease-scope` */
export async function ensureLeaseFolder(host: Host, folder: DeployPath): Promise<void> {
  const { code } = await host.script(ensureScript, [folder]);
  if (code === 0) return;
  throw new StateError({
    code: 'DEPLOY_PATH_UNUSABLE',
    message: `input \`lease-scope\`: ${folder} on ${host.name} ${code === 3 ? 'does not exist' : 'cannot be written by this user'}. Nothing was changed.`,
    hint: `Make it once: install -d -o <deploy user> ${folder}; for several users, install -d -m 2770 -g <their group> ${folder} ${folder}/.deploy`,
  });
}
