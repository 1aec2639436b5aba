import { randomBytes } from 'node:crypto';
import type { BatchPart, PartResult } from '../host/batch.ts';
import { nextLease } from './lease.ts';
import { heldLease, makeStep, swapScript, type HeldLease, type LeaseOptions } from './lease-store.ts';

/**
 * $1 deploy path, $2 swapScript, $3 the word that stands for now in the lease, $4 that for its end, $5 seconds it lives;
 * stdin: the lease. Prints `taken`, or nothing where there is a lease already.
 */
const takeScript = `
IFS= read -r lease; now=$(date +%s)
lease=$(printf '%s' "$lease" | sed -e "s/\\"$3\\"/$now/g" -e "s/\\"$4\\"/$((now + $5))/g")
if printf '%s\\n%s\\n' - "$lease" | sh -c "$2" sh "$1"; then echo taken; fi`;

/** Takes the lease where nobody holds one, within another command: what is free needs no look of its own. */
export interface LeaseOffer {
  readonly part: BatchPart;
  /** To be called before the part may run; see LeaseOptions.onTake. */
  readonly onSend: () => void;
  /** Undefined where there was a lease, ours or another's: then acquireLease decides. */
  readonly claim: (result: PartResult) => HeldLease | undefined;
}

/** `.deploy/` must exist when the part runs. */
export function offerLease(options: LeaseOptions): LeaseOffer {
  const word = `t${randomBytes(9).toString('hex')}`;
  const decision = nextLease(undefined, options.owner, 0, options.ttlSeconds);
  if (decision.kind !== 'take') return { part: nothing, onSend: () => undefined, claim: () => undefined };
  const { lease } = decision;
  const step = makeStep();
  const text = JSON.stringify({ ...lease, step, acquired: word, renewed: word, expires: `${word}e` });
  return {
    part: {
      purpose: 'take the lease',
      source: takeScript,
      args: [options.deployPath, swapScript, word, `${word}e`, String(options.ttlSeconds)],
      stdin: text,
      mayFail: true,
    },
    onSend: () => options.onTake?.(),
    claim: ({ stdout }) => (stdout.trim() === 'taken' ? heldLease(options, decision, step) : undefined),
  };
}

const nothing: BatchPart = { purpose: 'take no lease', source: ':' };
