import type { InputReader } from '../action/inputs.ts';
import type { Runner } from '../action/runner.ts';
import type { Host } from './host.ts';
import { localHost } from './local-host.ts';
import { readSshTarget, type SshTarget } from './ssh-target.ts';
import { connectSsh } from './ssh-host.ts';

/** Where to deploy: a server by SSH, or the runner itself (`host: local`). */
export type HostTarget = { readonly kind: 'local' } | SshTarget;

/**
 * Reads the SSH inputs that every action shares (docs/architecture.md), each falling back on its DEPLOY_* variable.
 * Secrets are masked here. Nothing is dialed.
 * @throws ConfigurationError naming the input; HostError SSH_KEY_INVALID
 */
export function readHostTarget(inputs: InputReader): HostTarget {
  const host = inputs.required('host', { env: 'DEPLOY_HOST' });
  return host === 'local' ? { kind: 'local' } : readSshTarget(inputs, host);
}

/** Whether the optional SSH inputs were given at all, for actions that can work without a server. */
export function hasHostTarget(inputs: InputReader): boolean {
  return inputs.optional('host', { env: 'DEPLOY_HOST' }) !== undefined;
}

/**
 * Connects. The caller closes the host.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED
 */
export async function connectHost(target: HostTarget, runner: Runner, signal: AbortSignal): Promise<Host> {
  if (target.kind === 'local') return localHost();
  if (target.hostKeys.acceptsAny === true) await warnOfAnyKey(target, runner);
  return connectSsh(target, runner, signal);
}

/** Said each time, where people look afterwards: in the annotations and in the job summary. */
async function warnOfAnyKey({ host, port }: SshTarget, runner: Runner): Promise<void> {
  const text = `ssh: ${host} (port ${port}): the host key is NOT checked (unsafe-accept-any-host-key): whoever answers in its place gets what is deployed, secrets too.`;
  runner.warning(text);
  await runner.summary(`> [!WARNING]\n> ${text}\n\n`);
}
