import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret } from '@deploy-actions/kit/action/secrets';
import { connectHost } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { runBatch } from '@deploy-actions/kit/host/batch';
import { longestAskMs, openEngineDoor } from '@deploy-actions/kit/host/engine-door';
import type { HeldLease } from '@deploy-actions/kit/state/lease-store';
import { withLease } from '@deploy-actions/kit/state/lease-step';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { formatBytes } from './byte-size.ts';
import { awaitQuietPart } from '@deploy-actions/kit/state/staged-tree';
import { compare, lookAround, type Comparison, type SyncJob } from './comparison.ts';
import { secretValues } from './env-file.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { askedMountsPart, findPinned, parseMounts, type DockerPlace, type Mount } from './mounts.ts';
import { findCollisions } from './name-collision.ts';
import { makeRules, type RuleLines } from './path-rules.ts';
import { describeSource, openSync, type Opening } from './opening.ts';
import { makeProgress } from './progress.ts';
import { guardKey } from './source-key.ts';
import { describeEnding, describePinned, listChanges, type Report } from './report.ts';
import { findSources, type SourcePlace } from './source-place.ts';
import { scanSources, type Scan } from './source-scan.ts';
import { dropStaleParts, settleInterrupted, stage } from './staging.ts';
import { renderSummary } from './summary.ts';

/** inputs → files here, while the connection is made → one look there → what differs → staged (→ live) → outputs. */
export async function run(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  const start = systemClock.now();
  const inputs = loadInputs(inputReader(runner));
  for (const value of secretValues(inputs.envFile?.content ?? '')) maskSecret(runner, value);
  const sources = await findSources(runner.env('GITHUB_WORKSPACE') ?? process.cwd(), inputs.sources);
  const { host, opening, scan, buckets } = await connectAndScan(context, inputs, sources, signal);
  try {
    const job = makeJob(context, inputs, host, { scan, buckets });
    const outcome = inputs.isDryRun ? await rehearse(job, opening) : await sync(context, inputs, job, opening);
    await publish(runner, {
      ...outcome,
      hostName: host.name,
      deployPath: inputs.deployPath,
      leftOut: scan.leftOut,
      envPath: inputs.envFile?.path,
      totalFiles: scan.entries.length,
      totalBytes: scan.bytes,
      remoteCommands: host.commandCount,
      durationMs: Math.round(systemClock.now() - start),
    });
  } finally {
    await host.close();
  }
}

/** Both at once; what is wrong with the source is said first, and then the server does nothing. */
async function connectAndScan(
  context: StepContext,
  inputs: Inputs,
  sources: readonly SourcePlace[],
  signal: AbortSignal,
): Promise<Opened & Known> {
  const { runner } = context;
  const reading = runner.group('Files of the source', () => readSource(runner, inputs, sources)).then(describeSource);
  // Nobody waits for a server that does not answer when the source cannot be synced.
  const giveUp = new AbortController();
  reading.catch(() => {
    giveUp.abort();
  });
  const until = AbortSignal.any([signal, giveUp.signal]);
  const connecting = connectHost(inputs.target, runner, until).then((host): Opened => ({
    host,
    opening: openSync(context, inputs, host, reading),
  }));
  const [connection, source] = await Promise.allSettled([connecting, reading]);
  if (source.status === 'fulfilled' && connection.status === 'fulfilled')
    return { ...connection.value, ...source.value };
  if (connection.status === 'fulfilled') {
    connection.value.opening.ahead?.drop();
    connection.value.opening.receiver?.cancel();
    await connection.value.host.close();
  }
  throw source.status === 'rejected' ? source.reason : connection.status === 'rejected' ? connection.reason : undefined;
}

interface Opened {
  readonly host: Host;
  readonly opening: Opening;
}

type Known = ReturnType<typeof describeSource>;

async function readSource(runner: Runner, inputs: Inputs, sources: readonly SourcePlace[]): Promise<Scan> {
  const log = (line: string): void => {
    runner.info(line);
  };
  const progress = makeProgress(systemClock, log, (done) => `read ${done} files`);
  const scan = await scanSources(sources, ruleLines(inputs), {
    onProgress: (done) => {
      progress.add(done - progress.done);
    },
    guard: guardKey(inputs.target),
  });
  runner.info(`${scan.entries.length} files, ${formatBytes(scan.bytes)}`);
  if (scan.leftOut.length > 0)
    runner.info(
      `left out, because protected: ${scan.leftOut.slice(0, 10).join(', ')}${scan.leftOut.length > 10 ? ' …' : ''}`,
    );
  for (const path of scan.composeLeftOut)
    runner.warning(
      `${path} of the source is left out, by \`exclude\`, \`include\` or .deployignore: the server keeps its own, if it has one.`,
    );
  const collisions = findCollisions(scan.entries.map(({ path }) => path));
  for (const group of collisions.slice(0, 10))
    runner.warning(
      `Names that differ only in case or in the form of a letter: ${group.join(', ')}. All of them are synced; a Mac or Windows checkout has one.`,
    );
  return scan;
}

/** An env file that this step writes is nobody else's. */
function ruleLines({ include, exclude, protect, envFile }: Inputs): Omit<RuleLines, 'ignoreFile'> {
  return { include, exclude, protect, reserved: envFile?.content === undefined ? [] : [envFile.path] };
}

function makeJob({ runner, signal }: StepContext, inputs: Inputs, host: Host, { scan, buckets }: Known): SyncJob {
  const rules = makeRules({ ...ruleLines(inputs), ignoreFile: '' });
  return {
    host,
    scan,
    signal,
    deployPath: inputs.deployPath,
    buckets,
    delete: inputs.delete,
    isProtected: (path) => rules.isProtected(path),
    env: inputs.envFile,
    owner: currentOwner(runner),
    clock: systemClock,
    log: (line) => {
      runner.info(line);
    },
  };
}

type Outcome = Pick<Report, 'ending' | 'transfer' | 'sentBytes' | 'isEnvNew' | 'kept' | 'pinned'>;

async function rehearse(job: SyncJob, opening: Opening): Promise<Outcome> {
  const first = await opening.first;
  const comparison = await compare(job, first.look);
  const pinned = await findPinnedFiles(job, opening.docker(first), comparison);
  return { ...comparison, ending: { kind: 'dry-run' }, sentBytes: 0, pinned };
}

async function sync(context: StepContext, inputs: Inputs, job: SyncJob, opening: Opening): Promise<Outcome> {
  const { host, deployPath } = job;
  const isForNow = inputs.activate === 'now';
  const { receiver, ahead } = opening;
  try {
    const first = await opening.first;
    const taken = opening.claim(first);
    // Another's lease may be waited for longer than a command may wait for its files.
    if (taken === undefined) receiver?.cancel();
    const waiting = taken === undefined ? undefined : receiver;
    const body = async (lease: HeldLease, signal: AbortSignal): Promise<Outcome> => {
      const held = { ...job, signal };
      signal.addEventListener('abort', () => opening.stop(signal.reason), { once: true });
      // Another's lease, or a command of an earlier step, was waited for: what was seen may have changed since.
      const isFresh = (lease === taken || !lease.isNew) && !first.look.isBusy;
      const again = isFresh ? undefined : await lookAround(held, [awaitQuietPart(host, deployPath)]);
      const settled = await settleInterrupted(held, (again ?? first).look);
      const look = await dropStaleParts(held, settled, lease.step);
      const comparison = await compare(held, look);
      signal.throwIfAborted();
      const [staged, pinned] = await Promise.all([
        stage(held, comparison, { isForNow, receiver: waiting, step: lease.step, ahead }),
        findPinnedFiles(held, opening.docker(first), comparison),
      ]);
      return { ...comparison, ...staged, pinned };
    };
    return await withLease(context, host, deployPath, inputs.leaseWish, body, undefined, taken);
  } finally {
    ahead?.drop();
    receiver?.cancel();
  }
}

/** Asked only when a file changes that a container may hold, beside the sending; a server without Docker has none. */
async function findPinnedFiles(
  { host, deployPath, signal, log }: SyncJob,
  { socket, real }: DockerPlace,
  { transfer }: Comparison,
): Promise<readonly Mount[]> {
  const touched = [...transfer.changed, ...transfer.deleted];
  if (touched.length === 0) return [];
  const bound = AbortSignal.timeout(longestAskMs);
  if (socket !== '') await openEngineDoor(host, socket, AbortSignal.any([signal, bound]));
  if (bound.aborted) {
    // Its CLI would wait as long again. Nothing of a sync needs Docker.
    log('Docker does not answer: whether a container has a changed file mounted by itself is not known.');
    return [];
  }
  const part = askedMountsPart(deployPath, real);
  const [result] = await runBatch(host, [part], { timeoutMs: 30_000 }).catch(() => []);
  return result?.code === 0 ? findPinned(touched, parseMounts(result.stdout, deployPath)) : [];
}

async function publish(runner: Runner, report: Report): Promise<void> {
  const { ending, transfer } = report;
  const changes = listChanges(report);
  if (changes.length > 0) {
    await runner.group(`Changes (${changes.length})`, () => {
      // The runner's log is written at once, line by line it takes longer than the sync.
      for (let at = 0; at < changes.length; at += 500) runner.info(changes.slice(at, at + 500).join('\n'));
      return Promise.resolve();
    });
  }
  for (const line of describePinned(report)) runner.warning(line);
  runner.output('release-id', ending.kind === 'dry-run' ? '' : ending.releaseId);
  runner.output('changed-files', [...transfer.added, ...transfer.changed].sort().join('\n'));
  runner.output('deleted-files', transfer.deleted.join('\n'));
  runner.output('env-changed', String(report.isEnvNew));
  runner.output('bytes-sent', String(report.sentBytes));
  runner.output('duration-ms', String(report.durationMs));
  await runner.summary(renderSummary(report));
  runner.info(`${report.remoteCommands} remote commands in ${report.durationMs} ms`);
  runner.info(describeEnding(report));
}
