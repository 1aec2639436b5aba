import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { InputReader } from '@deploy-actions/kit/action/inputs';
import { readHostTarget, type HostTarget } from '@deploy-actions/kit/host/connect';
import { readDeployPath, type DeployPath } from '@deploy-actions/kit/state/deploy-path';
import { readLeaseWish, type LeaseWish } from '@deploy-actions/kit/state/lease-scope';
import { readEnvFile, type EnvFile } from './env-file.ts';

/** What the user asked for; valid before the first connection. */
export interface Inputs {
  readonly target: HostTarget;
  readonly deployPath: DeployPath;
  readonly leaseWish: LeaseWish;
  /** As typed, relative to the workspace. */
  readonly sources: readonly string[];
  /** .gitignore syntax, each; `include` empty = everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly protect: readonly string[];
  readonly delete: 'managed' | 'none' | 'mirror';
  readonly envFile: EnvFile | undefined;
  readonly activate: 'on-release' | 'now';
  readonly isDryRun: boolean;
}

/**
 * Reads every input.
 * @throws ConfigurationError naming the input as typed; HostError SSH_KEY_INVALID
 */
export function loadInputs(inputs: InputReader): Inputs {
  const include = inputs.lines('include');
  const protect = inputs.lines('protect');
  const both = include.find((pattern) => protect.includes(pattern));
  if (both !== undefined)
    throw new ConfigurationError(
      `inputs \`include\` and \`protect\` both name ${JSON.stringify(both)}. Nothing was changed.`,
      'What is protected is never written: take it out of one of them.',
    );
  return {
    target: readHostTarget(inputs),
    deployPath: readDeployPath(inputs),
    leaseWish: readLeaseWish(inputs),
    sources: inputs.lines('source'),
    include,
    exclude: inputs.lines('exclude'),
    protect,
    delete: inputs.oneOf('delete', ['managed', 'none', 'mirror']),
    envFile: readEnvFile(inputs),
    activate: inputs.oneOf('activate', ['on-release', 'now']),
    isDryRun: inputs.flag('dry-run'),
  };
}
