import { isDeployError } from '@deploy-actions/kit/action/errors';
import { HostError } from '@deploy-actions/kit/host/host';

/** What made the step stop before its end: its own signal, not something that failed. */
export interface Interruption {
  readonly code: 'CANCELLED' | 'LEASE_LOST';
  /** A clause without a full stop: `the step was cancelled`. */
  readonly what: string;
  /** What comes before any other advice. */
  readonly advice: string;
}

/** Tells a lost lease (the signal that withLease hands out says why it aborted) from a cancel; undefined for a failure. */
export function interruptionOf(signal: AbortSignal, thrown: unknown): Interruption | undefined {
  const reason: unknown = signal.reason;
  if (signal.aborted && isDeployError(reason) && reason.code === 'LEASE_LOST')
    return {
      code: 'LEASE_LOST',
      what: `another job took the lease, so this step stopped (${reason.message.replace(/\.$/, '')})`,
      advice: 'Wait for the holder of the lease, or ask who took it. ',
    };
  if (!signal.aborted && !(thrown instanceof HostError && thrown.code === 'CANCELLED')) return undefined;
  return { code: 'CANCELLED', what: 'the step was cancelled', advice: '' };
}
