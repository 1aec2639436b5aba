import { isDeployError } from '@deploy-actions/kit/action/errors';
import type { Runner } from '@deploy-actions/kit/action/runner';
import type { HostTarget } from '@deploy-actions/kit/host/connect';
import type { Host } from '@deploy-actions/kit/host/host';
import { knownHostName } from '@deploy-actions/kit/host/known-hosts';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { RolloutError } from '../errors.ts';
import { readCheckupFacts } from './checkup-facts.ts';
import { assessCheckup, type Checkup, type CheckupPlace } from './checkup.ts';
import { checkupLines, concludeCheckup, renderCheckup } from './checkup-summary.ts';

/** What a checkup needs of the inputs. */
export interface CheckupWish {
  readonly target: HostTarget;
  readonly settings: { readonly deployPath: string };
}

/**
 * `mode: doctor`: is this server ready for a first deploy? Changes nothing.
 * @throws RolloutError SERVER_UNFIT when a check failed
 */
export async function examine(runner: Runner, host: Host, wish: CheckupWish, clock: Clock): Promise<void> {
  const { deployPath } = wish.settings;
  const checkup = assessCheckup(await readCheckupFacts(host, deployPath, clock), placeOf(wish));
  await publishCheckup(runner, checkup, host.name);
  const failed = checkup.checks.filter(({ verdict }) => verdict === 'fail');
  const [first] = failed;
  if (first === undefined) {
    runner.output('outcome', 'noop');
    runner.output('error-code', '');
    return;
  }
  throw new RolloutError({
    code: 'SERVER_UNFIT',
    message: `${host.name}: ${failed.map(({ name, observed }) => `${name}: ${observed}`).join('; ')}. ${concludeCheckup(checkup.checks)}`,
    hint: first.next,
    evidence: checkupLines(checkup),
  });
}

/** The checkup of a server that could not be reached: what the connection says is its only line. The error stays the step's. */
export async function publishUnreachable(runner: Runner, { target }: CheckupWish, thrown: unknown): Promise<void> {
  if (!isDeployError(thrown)) return;
  const { message: observed, hint: next = '' } = thrown;
  const name = target.kind === 'ssh' ? `${target.user}@${target.host}` : 'local';
  await publishCheckup(
    runner,
    { checks: [{ name: 'Connection', verdict: 'fail', observed, next }], knownHosts: [] },
    name,
  );
}

async function publishCheckup(runner: Runner, checkup: Checkup, host: string): Promise<void> {
  runner.output('status', JSON.stringify(checkup));
  for (const line of checkupLines(checkup)) runner.info(line);
  await runner.summary(renderCheckup(checkup, host));
}

function placeOf({ target, settings }: CheckupWish): CheckupPlace {
  const isSsh = target.kind === 'ssh';
  return {
    knownHostName: isSsh ? knownHostName(target.host, target.port) : undefined,
    deployPath: settings.deployPath,
    acceptsAnyHostKey: isSsh && target.hostKeys.acceptsAny === true,
  };
}
