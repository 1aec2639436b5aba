import { DeployError, isDeployError } from '@deploy-actions/kit/action/errors';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { checkDocker, type DockerVersions } from '@deploy-actions/kit/compose/docker-cli';
import { githubClientOf, type GithubClient } from '@deploy-actions/kit/github/client';
import { runOverCheck } from '@deploy-actions/kit/github/holder-check';
import { connectHost } from '@deploy-actions/kit/host/connect';
import { withLease } from '@deploy-actions/kit/state/lease-step';
import type { HolderCheck } from '@deploy-actions/kit/state/lease-store';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { mergePins } from '@deploy-actions/kit/state/pins';
import { ensureStateFolder } from '@deploy-actions/kit/state/state-folder';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { examine, publishUnreachable } from './checkup/doctor.ts';
import { deploy, planned } from './deploy.ts';
import { RolloutError } from './errors.ts';
import { readRunIdentity, refuseOlder } from './fencing.ts';
import { loadInputs } from './inputs.ts';
import { publish, publishStatus, publishUnlocked } from './outputs.ts';
import { prepare, type Intent, type Prepared } from './prepare.ts';
import { recoverUnfinished, type Settled } from './recovery.ts';
import { addSettled, type Report } from './report.ts';
import { rollBack } from './rollback.ts';
import { readServerState, type ServerState } from './server-state.ts';
import { assessStatus } from './server-status.ts';
import type { Session } from './session.ts';
import { readStatusFacts } from './status-facts.ts';
import { resolveTagPins } from './tag-pins.ts';
import { unlock } from './unlock.ts';

/** Errors outside of the rollout itself that say more than that nothing was touched. */
const earlyOutcomes: Readonly<Record<string, string>> = {
  LOCKED: 'locked',
  CANCELLED: 'cancelled',
  /** Of what the recovery of an earlier deploy tried. */
  ROLLBACK_FAILED: 'rollback_failed',
};

/** inputs → connection → what the mode asks for. */
export async function run(context: StepContext): Promise<void> {
  const { runner, signal } = context;
  // Until the rollout begins, whatever ends the step has touched nothing; the report overwrites it.
  runner.output('outcome', 'refused');
  const inputs = loadInputs(runner);
  const host = await connectHost(inputs.target, runner, signal).catch(async (thrown: unknown) => {
    if (inputs.mode === 'doctor') await publishUnreachable(runner, inputs, thrown);
    throw thrown;
  });
  try {
    const log = (line: string): void => {
      runner.info(line);
    };
    let asked: Promise<DockerVersions> | undefined;
    const docker = (): Promise<DockerVersions> => (asked ??= checkDocker(host));
    const owner = currentOwner(runner);
    const session: Session = { runner, inputs, host, signal, log, owner, docker, clock: systemClock };
    switch (inputs.mode) {
      case 'status':
        await publishStatus(
          runner,
          assessStatus(await readStatusFacts(host, inputs.settings, inputs.leaseWish.scope)),
          session,
        );
        return;
      case 'doctor':
        await examine(runner, host, inputs, systemClock);
        return;
      case 'unlock':
        await publishUnlocked(runner, await unlock(session, holderCheck(session)));
        return;
      case 'plan':
        askDockerBeside(session);
        await ensureStateFolder(host, inputs.settings.deployPath);
        await publish(runner, await showPlan(session));
        return;
      case 'deploy':
      case 'rollback':
        await change(context, session, inputs.mode);
    }
  } catch (thrown) {
    const outcome = isDeployError(thrown) ? earlyOutcomes[thrown.code] : undefined;
    if (outcome !== undefined) runner.output('outcome', outcome);
    throw thrown;
  } finally {
    await host.close();
  }
}

/** What a deploy would do, and that it would be refused, where that is so. */
async function showPlan(session: Session): Promise<Report> {
  const state = await readServerState(session);
  if (session.inputs.refuseOlder)
    await refuseIfOlder(session, state).catch((thrown: unknown) => {
      if (!(thrown instanceof RolloutError)) throw thrown;
      session.runner.warning(`A deploy would be refused: ${thrown.message}`);
    });
  return planned(session, await prepareForward(session, state));
}

/** lease → settle what died → plan → pull → roll → commit, or everything back → outputs. */
async function change(context: StepContext, given: Session, mode: 'deploy' | 'rollback'): Promise<void> {
  const { runner, host, inputs } = given;
  const { deployPath } = inputs.settings;
  askDockerBeside(given);
  await ensureStateFolder(host, deployPath);
  const body = async (_lease: unknown, signal: AbortSignal): Promise<Report> => {
    // Not before: the journal that a waiting run sees is another's, and none of its post step's business.
    runner.saveState('begun', 'true');
    const session = { ...given, signal };
    const found = await readServerState(session);
    refuseBesideOneOff(session, found);
    const settled = await settle(session, found);
    const state = settled === undefined ? found : await readServerState(session);
    const report = mode === 'rollback' ? await rollBack(session, state, settled) : await deployForward(session, state);
    return settled === undefined ? report : addSettled(report, settled);
  };
  const report = await withLease(context, host, deployPath, inputs.leaseWish, body, holderCheck(given));
  await publish(runner, report);
  if (report.failure !== undefined) throw outcomeError(report, report.failure);
}

/** The answer takes as long as everything up to the plan; who needs it hears of a failure. */
function askDockerBeside({ docker }: Session): void {
  docker().catch(() => undefined);
}

/** What died is settled before anything else; a connection lost meanwhile leaves nobody knowing what runs. */
async function settle(session: Session, found: ServerState): Promise<Settled | undefined> {
  if (found.unfinished === undefined) return undefined;
  session.runner.output('outcome', 'unknown');
  const settled = await recoverUnfinished(session, found);
  session.runner.output('outcome', 'refused');
  return settled;
}

async function deployForward(session: Session, state: ServerState): Promise<Report> {
  if (session.inputs.refuseOlder) await refuseIfOlder(session, state);
  return deploy(session, await prepareForward(session, state));
}

function refuseIfOlder(session: Session, { ledger }: ServerState): Promise<void> {
  return refuseOlder(ledger, readRunIdentity(session.runner), githubOf(session), session.log);
}

function githubOf({ runner, inputs, signal }: Session): GithubClient | undefined {
  return inputs.githubToken === undefined ? undefined : githubClientOf(runner, inputs.githubToken, signal);
}

/** With a token at hand, a run that waits asks whether the holder's run still goes on. */
function holderCheck(session: Session): HolderCheck {
  return runOverCheck(githubOf(session), session.owner.repository, (line) => {
    session.runner.debug(line);
  });
}

/** A migration that outlived its job must end before the version that needs it starts. */
function refuseBesideOneOff({ host }: Session, { oneOffs }: ServerState): void {
  const [first] = oneOffs;
  if (first === undefined) return;
  throw new RolloutError({
    code: 'ONE_OFF_RUNNING',
    message: `${host.name}: ${oneOffs.join(', ')} of action-migrate still runs. Nothing was changed.`,
    hint: `Wait for its end (docker wait ${first} on the server), then run the job again.`,
  });
}

/** What shall run after a deploy: the pins of now with this step's over them, and the files that sync-remote staged. */
async function prepareForward(session: Session, state: ServerState): Promise<Prepared> {
  const given = [...session.inputs.pins, ...(await resolveTagPins(session))];
  const intent: Intent = {
    pins: mergePins(state.ledger.current?.pins ?? [], given),
    given,
    staged: state.staged,
  };
  return prepare(session, state, intent);
}

/** The failed step's message: what failed, and what serves now. */
function outcomeError(report: Report, failure: DeployError): DeployError {
  return new DeployError({
    code: failure.code,
    message: `${failure.message} Outcome: ${report.outcome}. ${report.nowServing}`,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    cause: failure,
  });
}
