import { readFileSync } from 'node:fs';

import { DeployError } from '@deploy-actions/kit/action/errors';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { fakeRunner, type FakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { parse } from 'yaml';

import { run } from '../src/main.ts';

interface Metadata {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
}

const metadata = parse(readFileSync(new URL('../action.yml', import.meta.url), 'utf8')) as Metadata;

/** The inputs as a runner hands them over: defaults of action.yml, then what the test gives. */
export function withDefaults(inputs: Readonly<Record<string, string>>): Record<string, string> {
  const defaults = Object.entries(metadata.inputs).map(([name, input]) => [
    name,
    (input.default ?? '').replace(/^\$\{\{.*\}\}$/, ''),
  ]);
  return { ...(Object.fromEntries(defaults) as Record<string, string>), ...inputs };
}

export interface Ran {
  readonly runner: FakeRunner;
  readonly error: DeployError | undefined;
}

/** Runs the whole action in this process on a clock that waits for nothing. Network time is real. */
export async function runAction(
  inputs: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const runner = fakeRunner(withDefaults(inputs), environment);
  try {
    await run({ runner, signal: new AbortController().signal }, fakeClock());
    return { runner, error: undefined };
  } catch (thrown) {
    if (!(thrown instanceof DeployError)) throw thrown;
    return { runner, error: thrown };
  }
}
