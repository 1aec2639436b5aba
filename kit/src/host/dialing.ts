import type { Runner } from '../action/runner.ts';
import type { SshConnection, SshTuning } from './connection.ts';
import { HostError } from './host.ts';
import { isUnpinned, keyTypeAttempts, nothingTrusted, type HostKeyPolicy, type HostKeyVerdict } from './host-key.ts';
import { hostKeyTypes, type HostKeyType } from './ssh-algorithms.ts';
import { adviseRetry, connectError, hostKeyError, mayBeTypeMissing, type FailedAttempt } from './ssh-errors.ts';
import type { SshTarget } from './ssh-target.ts';

/** How one attempt to connect ended. */
export type Attempt<C extends SshConnection> =
  | { readonly kind: 'connected'; readonly connection: C }
  | { readonly kind: 'key-refused'; readonly verdict: HostKeyVerdict; readonly offered: readonly Buffer[] }
  | { readonly kind: 'failed'; readonly failed: FailedAttempt };

/** One attempt that trusts what the policy trusts, and asks the server for a host key of one of these types. */
export type ConnectOnce<C extends SshConnection> = (
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
) => Promise<Attempt<C>>;

/**
 * Connects by `connectOnce`, and retries what happens before authentication.
 * @throws HostError HOST_UNREACHABLE, HOST_KEY_MISMATCH, SSH_AUTH_REJECTED, CANCELLED
 */
export async function dialPatiently<C extends SshConnection>(
  target: SshTarget,
  runner: Runner,
  signal: AbortSignal,
  tuning: SshTuning,
  connectOnce: ConnectOnce<C>,
): Promise<C> {
  const isCancelled = (): boolean => signal.aborted;
  const cancelled = (): HostError =>
    new HostError({
      code: 'CANCELLED',
      message: `ssh: cancelled while connecting to ${target.host}.`,
      cause: signal.reason,
    });
  for (let attempt = 1; ; attempt++) {
    if (isCancelled()) throw cancelled();
    const result = await tryKeyTypes(target.hostKeys, connectOnce);
    if (result.kind === 'connected') return result.connection;
    if (isCancelled()) throw cancelled();
    if (result.kind === 'key-refused') throw hostKeyError(target, result.offered, result.verdict === 'revoked');
    const advice = adviseRetry(result.failed);
    if (advice === 'no' || attempt >= tuning.attempts) throw connectError(target, result.failed, attempt);
    const waitMs = Math.round(
      (advice === 'later' && attempt > 1 ? 30_000 : 1_000 * attempt) * (0.75 + tuning.random() / 2),
    );
    runner.info(
      `ssh: ${target.host}: attempt ${attempt} of ${tuning.attempts} failed (${result.failed.message}); next in ${waitMs / 1000} s`,
    );
    await tuning.clock.sleep(waitMs, signal).catch(() => {
      throw cancelled();
    });
  }
}

/** One attempt per list of key types, until the server shows a key that is trusted. */
async function tryKeyTypes<C extends SshConnection>(
  policy: HostKeyPolicy,
  connectOnce: ConnectOnce<C>,
): Promise<Attempt<C>> {
  const offered: Buffer[] = [];
  let last: Attempt<C> = { kind: 'key-refused', verdict: 'unknown', offered };
  for (const types of keyTypeAttempts(policy)) {
    last = await connectOnce(policy, types);
    if (last.kind === 'key-refused') {
      offered.push(...last.offered);
      if (last.verdict === 'revoked') return last;
    } else if (last.kind === 'connected' || !mayBeTypeMissing(last.failed)) {
      return last;
    }
  }
  if (offered.length > 0) return { kind: 'key-refused', verdict: 'unknown', offered };
  // Nothing is pinned, or the server has no key of the pinned types. Ask, trusting nothing, which key it has: the
  // message shows it.
  const shown = await connectOnce(nothingTrusted(policy.revoked), hostKeyTypes);
  return shown.kind === 'key-refused' || isUnpinned(policy) ? shown : last;
}
