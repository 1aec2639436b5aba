import type { Runner } from '@deploy-actions/kit/action/runner';
import type { Announcement } from './announcement.ts';
import { isCommit, type Inputs } from './inputs.ts';
import { cleanLine } from './plain-text.ts';
import type { Status } from './status.ts';

/** What the runner knows about this run; nothing of it exists in a rehearsal outside GitHub Actions. */
export interface RunFacts {
  readonly repository: string | undefined;
  readonly runId: number | undefined;
  readonly runUrl: string | undefined;
  readonly serverUrl: string;
  /** Who started the run; on a re-run, who pressed the button. */
  readonly actor: string | undefined;
  /** The commit whose workflow runs; not always the one that is deployed. */
  readonly workflowSha: string | undefined;
}

export function readRunFacts(runner: Runner): RunFacts {
  const serverUrl = runner.env('GITHUB_SERVER_URL') ?? 'https://github.com';
  const repository = runner.env('GITHUB_REPOSITORY');
  const runId = runner.env('GITHUB_RUN_ID');
  const attempt = runner.env('GITHUB_RUN_ATTEMPT') ?? '1';
  const hasRun = repository !== undefined && runId !== undefined && /^\d+$/.test(runId);
  return {
    repository,
    runId: hasRun ? Number(runId) : undefined,
    runUrl: hasRun ? `${serverUrl}/${repository}/actions/runs/${runId}/attempts/${attempt}` : undefined,
    serverUrl,
    actor: runner.env('GITHUB_TRIGGERING_ACTOR') ?? runner.env('GITHUB_ACTOR'),
    workflowSha: runner.env('GITHUB_SHA'),
  };
}

/** The one neutral message. Pure. */
export function composeAnnouncement(
  inputs: Inputs,
  run: RunFacts,
  approvedBy: readonly string[],
  at: Date,
): Announcement {
  const { status, environment, version, sha, url, outcome, migration, backup, changedServices } = inputs;
  const { images, fields, mentions, relation, failedChecks, message, release } = inputs;
  const hasLink = sha !== undefined && isCommit(sha) && run.repository !== undefined;
  const commitUrl = hasLink ? `${run.serverUrl}/${run.repository}/commit/${sha}` : undefined;
  return {
    status,
    title: inputs.title ?? cleanLine(run.repository?.split('/')[1] ?? 'deployment'),
    environment,
    version,
    commit: sha === undefined ? undefined : { sha, url: commitUrl },
    release,
    message,
    url,
    outcome,
    failedChecks,
    migration,
    backup,
    changedServices,
    durationMs: inputs.durationMs ?? durationSince(relation.refs.at, status, at),
    images,
    deployedBy: run.actor,
    approvedBy,
    repository: run.repository,
    runUrl: run.runUrl,
    fields,
    mentions,
    at,
  };
}

/** From the message that told of the start to the one that tells of the end. */
function durationSince(start: Date | undefined, status: Status, at: Date): number | undefined {
  if (start === undefined || status === 'started') return undefined;
  return Math.max(0, at.getTime() - start.getTime());
}
