import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { parseForce, type Force, type OnUnknown } from './decision.ts';
import { parseGroups, type Group } from './group.ts';

export interface Inputs {
  readonly groups: readonly Group[];
  readonly force: Force;
  readonly onUnknown: OnUnknown;
  readonly githubToken: string | undefined;
}

/**
 * Reads and checks all inputs.
 * @throws ConfigurationError naming the input as the user typed it
 */
export function loadInputs(runner: Runner): Inputs {
  const inputs = inputReader(runner);
  const githubToken = inputs.secret('github-token');
  const groups = parseGroups(inputs.required('groups'), inputs.lines('always-include'));
  return {
    groups,
    force: parseForce(inputs.optional('force'), groups),
    onUnknown: inputs.oneOf('on-unknown', ['run', 'skip', 'fail']),
    githubToken,
  };
}
