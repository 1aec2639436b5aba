import type { StepContext } from '@deploy-actions/kit/action/run';
import type { BatchPart } from '@deploy-actions/kit/host/batch';
import type { Host } from '@deploy-actions/kit/host/host';
import { HostError } from '@deploy-actions/kit/host/host';
import { offerLease, type LeaseOffer } from '@deploy-actions/kit/state/lease-offer';
import { leaseOptions } from '@deploy-actions/kit/state/lease-step';
import type { HeldLease } from '@deploy-actions/kit/state/lease-store';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { openReceiver, type Receiver } from '@deploy-actions/kit/state/staged-receiver';
import { ensureStatePart } from '@deploy-actions/kit/state/state-folder';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { packAhead, type Ahead } from './ahead.ts';
import { handled, lookBehind, makeBuckets, type Looked } from './comparison.ts';
import type { Inputs } from './inputs.ts';
import { locatePart, parsePlace, type DockerPlace } from './mounts.ts';
import { timeoutFor } from './sending.ts';
import type { Scan } from './source-scan.ts';

/** What was asked of the server while the source was read. */
export interface Opening {
  /** Waits for the set; undefined in a dry run and on the runner itself. */
  readonly receiver: Receiver | undefined;
  /** The set, being packed; only where all of it may be needed. */
  readonly ahead: Ahead | undefined;
  readonly first: Promise<Looked>;
  /** Where Docker is, once `first` is there. */
  readonly docker: (first: Looked) => DockerPlace;
  /** Ends the command that waits for the set, also in the middle of it. */
  readonly stop: (reason: unknown) => void;
  /** The job's lease, where the first command has taken it. */
  readonly claim: (first: Looked) => HeldLease | undefined;
}

/** Nothing is done before the source is known, and nothing where it cannot be synced. */
const gate: BatchPart = {
  purpose: 'wait for the source',
  source: 'IFS= read -r word && [ "$word" = go ]',
  stdin: 'go',
  fail: () => new HostError({ code: 'CANCELLED', message: 'the source cannot be synced. Nothing was changed.' }),
};

/**
 * Opens both sessions of a sync as soon as there is a connection: their round trips and the starts of their shells pass while
 * the source is read. What they do waits for `source`.
 */
export function openSync(
  context: StepContext,
  inputs: Inputs,
  host: Host,
  source: Promise<{ readonly scan: Scan; readonly buckets: readonly string[] }>,
): Opening {
  const { deployPath, leaseWish, isDryRun, activate, envFile: env } = inputs;
  const job = { host, deployPath, env, signal: context.signal };
  if (isDryRun) {
    const buckets = source.then((known) => known.buckets);
    const first = handled(lookBehind(job, { before: [locatePart(deployPath)] }, buckets));
    return {
      receiver: undefined,
      ahead: undefined,
      first,
      docker: placeOf,
      stop: () => undefined,
      claim: () => undefined,
    };
  }
  // The whole server's comes before the project's: then nothing can be offered yet.
  const offer = leaseWish.scope.kind === 'project' ? makeOffer(context, inputs, host) : undefined;
  const buckets = source.then((known) => {
    offer?.onSend();
    return known.buckets;
  });
  const ending = new AbortController();
  const receiver =
    host.kind === 'local'
      ? undefined
      : openReceiver(host, deployPath, {
          isForNow: activate === 'now',
          isSpare: true,
          signal: AbortSignal.any([context.signal, ending.signal]),
          timeoutMs: handled(source.then(({ scan }) => timeoutFor(scan.bytes))),
        });
  // What needs nothing of the source is done while it is read.
  const before = [locatePart(deployPath)];
  const between = [gate, ensureStatePart(host, deployPath), ...(offer === undefined ? [] : [offer.part])];
  const first = handled(lookBehind(job, { before, between }, buckets));
  const ahead =
    receiver === undefined || activate === 'now'
      ? undefined
      : packAhead({ env, owner: currentOwner(context.runner), clock: systemClock }, source, receiver.isKnown);
  const claim = ({ results }: Looked): HeldLease | undefined =>
    offer === undefined || results[3] === undefined ? undefined : offer.claim(results[3]);
  const stop = (reason: unknown): void => {
    ending.abort(reason);
  };
  return { receiver, ahead, first, docker: placeOf, stop, claim };
}

function placeOf({ results }: Looked): DockerPlace {
  return parsePlace(results[0]?.stdout ?? '');
}

function makeOffer(context: StepContext, { deployPath, leaseWish }: Inputs, host: Host): LeaseOffer {
  return offerLease(leaseOptions(context, host, { folder: deployPath, stateName: 'lease' }, leaseWish.waitMs));
}

/** The source, and what follows from it alone. */
export function describeSource(scan: Scan): { readonly scan: Scan; readonly buckets: readonly string[] } {
  return { scan, buckets: makeBuckets(scan) };
}
