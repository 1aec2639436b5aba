import type { Runner } from '@deploy-actions/kit/action/runner';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { redact } from '@deploy-actions/kit/action/secrets';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { headlineOf } from './announcement.ts';
import { deliver, type Delivery, type Letter } from './delivery.ts';
import { recordOf, type DeploymentRecord } from './deployment-record.ts';
import { findApprovers, recordDeployment } from './github.ts';
import { sendOverHttp } from './http-door.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { appendToLedger } from './ledger.ts';
import { writeLetters } from './letters.ts';
import { completeDeliveries, report } from './report.ts';
import { composeAnnouncement, readRunFacts } from './run-facts.ts';
import { useRunnerProxy } from './runner-proxy.ts';

/** Tells everybody what was deployed: one neutral message, rendered for each service, sent in parallel. */
export async function main(context: StepContext): Promise<void> {
  const { runner } = context;
  const inputs = loadInputs(runner);
  useRunnerProxy(runner);
  const deadlineAt = systemClock.now() + inputs.deadline;
  const run = readRunFacts(runner);
  const approvers = await findApprovers(context, inputs, run);
  const announcement = composeAnnouncement(inputs, run, approvers, systemClock.date());
  const record = recordOf(announcement);
  runner.info(headlineOf(announcement));

  const isWanted = inputs.notifyOn.includes(inputs.status);
  const letters = isWanted || inputs.isDryRun ? writeLetters(announcement, inputs.destinations, inputs.relation) : [];
  const [mails, deployment, ledger] = await Promise.all([
    inputs.isDryRun ? rehearse(runner, letters) : send(context, letters, deadlineAt),
    recordDeployment(context, inputs, run, announcement),
    keepRecord(context, inputs, record, deadlineAt),
  ]);
  const deliveries = [...completeDeliveries(inputs, mails, isWanted), deployment.delivery, ledger];
  await report(runner, inputs, { announcement, record, letters, deliveries, deploymentId: deployment.id });
}

async function send(
  { signal }: StepContext,
  letters: readonly Letter[],
  deadlineAt: number,
): Promise<readonly Delivery[]> {
  const doors = { clock: systemClock, send: sendOverHttp, signal, random: Math.random };
  return Promise.all(letters.map((letter) => deliver(letter, deadlineAt, doors)));
}

/** Shows what would be sent, without secrets: addresses are left out, and what a payload holds of them is blacked out. */
async function rehearse(runner: Runner, letters: readonly Letter[]): Promise<readonly Delivery[]> {
  for (const { provider, payload, secrets } of letters) {
    await runner.group(`Dry run: message for ${provider}`, () => {
      runner.info(redact(JSON.stringify(payload, undefined, 2), secrets));
      return Promise.resolve();
    });
  }
  return letters.map(({ provider }) => ({ provider, result: 'skipped', detail: 'dry run' }));
}

async function keepRecord(
  context: StepContext,
  inputs: Inputs,
  record: DeploymentRecord,
  deadlineAt: number,
): Promise<Delivery> {
  if (!inputs.shouldRecord) return { provider: 'ledger', result: 'skipped' };
  if (inputs.isDryRun && inputs.ledger.kind === 'server') {
    return { provider: 'ledger', result: 'skipped', detail: 'dry run' };
  }
  return appendToLedger(context, inputs.ledger, record, deadlineAt - systemClock.now());
}
