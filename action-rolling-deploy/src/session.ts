import type { Runner } from '@deploy-actions/kit/action/runner';
import { composeFromModel } from '@deploy-actions/kit/compose/compose-cli';
import type { ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { ComposeError, type ComposeModel } from '@deploy-actions/kit/compose/model';
import { lastLines, type Host } from '@deploy-actions/kit/host/host';
import type { LeaseOwner } from '@deploy-actions/kit/state/lease';
import type { Clock } from '@deploy-actions/kit/time/clock';
import type { Inputs } from './inputs.ts';

/** What a whole run of this action works with. */
export interface Session {
  readonly runner: Runner;
  readonly inputs: Inputs;
  readonly host: Host;
  readonly owner: LeaseOwner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/**
 * Compose's hash of every service of a model, by name: what a container created from it would be labelled with.
 * Asked of the RESOLVED model: asked of the files, Compose 2.26 leaves `env_file` out of the hash it prints, but not out
 * of the label (tried in the lab).
 */
export async function readWantedHashes(
  host: Host,
  settings: ComposeSettings,
  model: ComposeModel,
): Promise<Readonly<Record<string, string>>> {
  const result = await host.exec(composeFromModel(model, settings, ['config', '--hash', '*']), { stdin: model.text });
  if (result.code !== 0)
    throw new ComposeError({
      code: 'COMPOSE_INVALID',
      message: `${host.name}: docker compose config --hash failed: ${lastLines(result.stderr, 2).join(' ')}`,
    });
  const pairs = result.stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([name, hash]) => (name === undefined || hash === undefined ? [] : [[name, hash] as const]));
  return Object.fromEntries(pairs);
}
