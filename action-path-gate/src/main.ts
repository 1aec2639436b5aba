import { readFile } from 'node:fs/promises';
import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Runner } from '@deploy-actions/kit/action/runner';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { githubClientOf } from '@deploy-actions/kit/github/client';
import { findChanges } from './change-list.ts';
import { decide, type Changes, type GroupDecision } from './decision.ts';
import { PathGateError } from './error.ts';
import { readEvent, type ChangeSource } from './event.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { renderSummary } from './summary.ts';

/** Thirty pages of a list, on a slow day. */
const longestLookUpMs = 60_000;

/** Says which groups of paths an event concerns. It changes nothing anywhere. */
export async function main(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  const inputs = loadInputs(runner);
  const source = await readSource(runner);
  const client =
    inputs.githubToken === undefined ? undefined : githubClientOf(runner, inputs.githubToken, signal, longestLookUpMs);
  const changes = await findChanges(source, client, signal);
  const onUnknown = requireKnown(inputs, changes);
  await report(runner, decide(inputs.groups, changes, inputs.force, onUnknown), changes, source);
}

async function readSource(runner: Runner): Promise<ChangeSource> {
  const name = runner.env('GITHUB_EVENT_NAME') ?? '';
  const file = runner.env('GITHUB_EVENT_PATH');
  try {
    return readEvent(name, file === undefined ? {} : JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    const reason = `the event's payload could not be read (${describeThrown(thrown)})`;
    return { kind: 'unknown', reason, isManual: false };
  }
}

/** @throws PathGateError CHANGES_UNKNOWN where the user wants an error then; a start by hand is none */
function requireKnown(inputs: Inputs, changes: Changes): 'run' | 'skip' {
  if (inputs.onUnknown !== 'fail') return inputs.onUnknown;
  if (changes.kind !== 'incomplete' || changes.isManual) return 'run';
  throw new PathGateError({
    code: 'CHANGES_UNKNOWN',
    message: `path-gate: which files changed is not fully known: ${changes.reason}`,
    hint: 'Start the workflow by hand, or let the gate open then (`on-unknown: run`).',
  });
}

/** Outputs whose names are the user's own, one for each group, so that no action.yml can list them. */
type GroupOutputs = Readonly<Record<'output', Runner['output']>>;

async function report(
  runner: Runner,
  decisions: readonly GroupDecision[],
  changes: Changes,
  source: ChangeSource,
): Promise<void> {
  const groupOutputs: GroupOutputs = runner;
  for (const { name, isChanged, matched, why } of decisions) {
    groupOutputs.output(name, String(isChanged));
    runner.info(`${isChanged ? 'run ' : 'skip'} ${name}: ${why}`);
    for (const path of matched.slice(0, 20)) runner.info(`       ${path}`);
  }
  const byName = (pick: (decision: GroupDecision) => unknown): string =>
    JSON.stringify(Object.fromEntries(decisions.map((decision) => [decision.name, pick(decision)])));
  const isFork = source.kind === 'pull-request' && source.isFork;
  runner.output(
    'groups',
    byName(({ isChanged }) => isChanged),
  );
  runner.output(
    'matched',
    byName(({ matched }) => matched.slice(0, 100)),
  );
  runner.output(
    'reason',
    byName(({ why }) => why),
  );
  runner.output('files-count', changes.kind === 'none' ? '0' : String(changes.paths.length));
  runner.output('is-complete', String(changes.kind !== 'incomplete'));
  runner.output('from-fork', String(isFork));
  if (changes.kind === 'incomplete' && !changes.isManual)
    runner.warning(`Not all changed files are known: ${changes.reason}`);
  if (isFork)
    runner.notice('This pull request comes from a fork: GitHub gives its workflows no secrets, merged or not.');
  await runner.summary(renderSummary(decisions, changes)).catch((thrown: unknown) => {
    runner.warning(`the job summary could not be written: ${describeThrown(thrown)}`);
  });
}
