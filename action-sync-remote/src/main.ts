import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { connectHost } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { withLease } from '@deploy-actions/kit/state/lease-step';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { ensureStateFolder } from '@deploy-actions/kit/state/state-folder';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { formatBytes } from './byte-size.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { makeRules } from './path-rules.ts';
import { makeProgress } from './progress.ts';
import { describeEnding, listChanges, type Report } from './report.ts';
import { findSources } from './source-place.ts';
import { scanSources, type Scan } from './source-scan.ts';
import { activateNow, compare, settleInterrupted, stage, type SyncJob } from './staging.ts';
import { renderSummary } from './summary.ts';

/** inputs → files here → files there → what differs → staged (→ live) → outputs. */
export async function run(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  const start = systemClock.now();
  const inputs = loadInputs(inputReader(runner));
  const scan = await runner.group('Files of the source', () => readSource(runner, inputs));
  const host = await connectHost(inputs.target, runner, signal);
  try {
    const job = makeJob(context, inputs, host, scan);
    const outcome = inputs.isDryRun ? await rehearse(job) : await sync(context, inputs, job);
    await publish(runner, {
      ...outcome,
      hostName: host.name,
      deployPath: inputs.deployPath,
      leftOut: scan.leftOut,
      totalFiles: scan.entries.length,
      totalBytes: scan.bytes,
      durationMs: Math.round(systemClock.now() - start),
    });
  } finally {
    await host.close();
  }
}

async function readSource(runner: Runner, inputs: Inputs): Promise<Scan> {
  const workspace = runner.env('GITHUB_WORKSPACE') ?? process.cwd();
  const sources = await findSources(workspace, inputs.sources);
  const log = (line: string): void => {
    runner.info(line);
  };
  const progress = makeProgress(systemClock, log, (done) => `read ${done} files`);
  const scan = await scanSources(sources, inputs, () => {
    progress.add(1);
  });
  runner.info(`${scan.entries.length} files, ${formatBytes(scan.bytes)}`);
  if (scan.leftOut.length > 0)
    runner.info(
      `left out, because protected: ${scan.leftOut.slice(0, 10).join(', ')}${scan.leftOut.length > 10 ? ' …' : ''}`,
    );
  return scan;
}

function makeJob({ runner, signal }: StepContext, inputs: Inputs, host: Host, scan: Scan): SyncJob {
  const rules = makeRules({ ...inputs, ignoreFile: '' });
  return {
    host,
    scan,
    signal,
    deployPath: inputs.deployPath,
    rule: { delete: inputs.delete, isProtected: (path) => rules.isProtected(path) },
    owner: currentOwner(runner),
    clock: systemClock,
    log: (line) => {
      runner.info(line);
    },
  };
}

type Outcome = Pick<Report, 'ending' | 'transfer' | 'sentBytes'>;

async function rehearse(job: SyncJob): Promise<Outcome> {
  const { transfer } = await compare(job);
  return { ending: { kind: 'dry-run' }, transfer, sentBytes: 0 };
}

async function sync(context: StepContext, inputs: Inputs, job: SyncJob): Promise<Outcome> {
  await ensureStateFolder(job.host, job.deployPath);
  return withLease(context, job.host, job.deployPath, inputs.lockWait, async () => {
    const comparison = await settleInterrupted(job, await compare(job));
    const isForNow = inputs.activate === 'now';
    const { ending, sentBytes } = await stage(job, comparison, isForNow);
    const { transfer } = comparison;
    if (!isForNow || ending.kind !== 'staged') return { ending, transfer, sentBytes };
    await activateNow(job, ending.releaseId);
    return { ending: { kind: 'live', releaseId: ending.releaseId }, transfer, sentBytes };
  });
}

async function publish(runner: Runner, report: Report): Promise<void> {
  const { ending, transfer } = report;
  const changes = listChanges(transfer);
  if (changes.length > 0) {
    await runner.group(`Changes (${changes.length})`, () => {
      for (const line of changes) runner.info(line);
      return Promise.resolve();
    });
  }
  runner.output('release-id', ending.kind === 'dry-run' ? '' : ending.releaseId);
  runner.output('changed-files', [...transfer.added, ...transfer.changed].sort().join('\n'));
  runner.output('deleted-files', transfer.deleted.join('\n'));
  runner.output('bytes-sent', String(report.sentBytes));
  runner.output('duration-ms', String(report.durationMs));
  await runner.summary(renderSummary(report));
  runner.info(describeEnding(report));
}
