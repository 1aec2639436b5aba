import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createJob, type StepResult } from '../../lab/src/runner/index.ts';
import { secrets } from './chat-services.ts';

export interface NotifyRun {
  readonly inputs: Readonly<Record<string, string>>;
  /** Where the GitHub API is; default: nowhere. */
  readonly apiUrl?: string;
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the bundled action once, as a runner does. Whatever the test is about: no secret may be seen. */
export async function notify({ inputs, apiUrl, token, env = {} }: NotifyRun): Promise<StepResult> {
  const workspace = await mkdtemp(join(tmpdir(), 'notify-'));
  const github = {
    repository: 'acme/shop',
    runId: '77',
    actor: 'ada',
    ...(apiUrl === undefined ? {} : { apiUrl }),
    ...(token === undefined ? {} : { token }),
  };
  const job = await createJob({ workspace, github, env });
  try {
    // How fast this machine is today is not what is tested.
    const step = await job.step({ uses: 'action-notify', with: { deadline: '5m', ...inputs } });
    for (const secret of Object.values(secrets)) expect(everythingOf(step)).not.toContain(secret);
    return step;
  } finally {
    await job.finish();
    await rm(workspace, { recursive: true, force: true });
  }
}

/** Everything that people or other steps could see of a step; the log as it was written, before any mask was applied. */
export function everythingOf(step: StepResult): string {
  return [step.rawLog, step.summary, ...Object.values(step.outputs)].join('\n');
}
