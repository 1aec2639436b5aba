import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Runner } from '@deploy-actions/kit/action/runner';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { headlineOf, type Announcement } from './announcement.ts';
import { findApprovers, recordDeployment, type DeploymentOutcome } from './github.ts';
import { deliver, postOverHttp, type Delivery, type Letter } from './delivery.ts';
import { NotifyError } from './error.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { mailProviders, writeLetters } from './letters.ts';
import { composeAnnouncement, readRunFacts } from './run-facts.ts';
import { renderSummary } from './summary.ts';

/** Tells everybody what was deployed: one neutral message, rendered for each service, sent in parallel. */
export async function main(context: StepContext): Promise<void> {
  const { runner } = context;
  const inputs = loadInputs(runner);
  const deadlineAt = systemClock.now() + inputs.deadline;
  const run = readRunFacts(runner);
  const approvers = await findApprovers(context, inputs, run);
  const announcement = composeAnnouncement(inputs, run, approvers, systemClock.date());
  runner.info(headlineOf(announcement));

  const letters = writeLetters(announcement, inputs);
  const isWanted = inputs.notifyOn.includes(inputs.status);
  const [deliveries, deployment] = await Promise.all([
    inputs.isDryRun ? rehearse(runner, letters) : send(context, isWanted ? letters : [], deadlineAt),
    recordDeployment(context, inputs, run, announcement),
  ]);
  await report(runner, inputs, announcement, completeDeliveries(inputs, deliveries, isWanted), deployment);
}

async function send(
  { signal }: StepContext,
  letters: readonly Letter[],
  deadlineAt: number,
): Promise<readonly Delivery[]> {
  const doors = { clock: systemClock, post: postOverHttp, signal, random: Math.random };
  return Promise.all(letters.map((letter) => deliver(letter, deadlineAt, doors)));
}

/** Shows what would be sent; a payload holds no secret, its address does. */
async function rehearse(runner: Runner, letters: readonly Letter[]): Promise<readonly Delivery[]> {
  for (const { provider, body } of letters) {
    await runner.group(`Dry run: message for ${provider}`, () => {
      runner.info(JSON.stringify(JSON.parse(body), undefined, 2));
      return Promise.resolve();
    });
  }
  return letters.map(({ provider }) => ({ provider, result: 'skipped', detail: 'dry run' }));
}

/** One entry per service, also for those that were not asked, and why. */
function completeDeliveries(inputs: Inputs, sent: readonly Delivery[], isWanted: boolean): readonly Delivery[] {
  return mailProviders.map((provider) => {
    const found = sent.find((delivery) => delivery.provider === provider);
    if (found !== undefined) return found;
    const isConfigured = inputs.webhooks[provider] !== undefined;
    const detail = isConfigured && !isWanted ? `notify-on leaves out ${inputs.status}` : undefined;
    return { provider, result: 'skipped', ...(detail === undefined ? {} : { detail }) };
  });
}

/** @throws NotifyError when something did not get through and that fails the step */
async function report(
  runner: Runner,
  inputs: Inputs,
  announcement: Announcement,
  mails: readonly Delivery[],
  deployment: DeploymentOutcome,
): Promise<void> {
  const deliveries = [...mails, deployment.delivery];
  const results = Object.fromEntries(deliveries.map(({ provider, result }) => [provider, result]));
  runner.output('delivered', JSON.stringify(results));
  runner.output('approvers', announcement.approvedBy.join(','));
  runner.output('deployment-id', deployment.id === undefined ? '' : String(deployment.id));
  runner.info(
    deliveries
      .map(({ provider, result, detail }) => `${provider}: ${result}${detail === undefined ? '' : ` (${detail})`}`)
      .join(' · '),
  );
  if (inputs.hasSummary)
    await runner.summary(renderSummary(announcement, deliveries)).catch((thrown: unknown) => {
      runner.warning(`the job summary could not be written: ${describeThrown(thrown)}`);
    });
  if (Object.values(inputs.webhooks).every((webhook) => webhook === undefined)) {
    runner.notice(
      'Nobody was told: `slack-webhook`, `discord-webhook` and `webhook-url` are empty (a secret that does not exist here arrives empty).',
    );
  }
  const failed = deliveries.filter(({ result }) => result === 'error');
  if (failed.length === 0) return;
  const error = new NotifyError({
    code: 'DELIVERY_FAILED',
    message: `notify: ${failed.map(({ provider, detail }) => `${provider}: ${detail ?? 'failed'}`).join('; ')}.`,
    hint: 'The deployment itself is not affected by this.',
  });
  runner.output('error-code', error.code);
  if (inputs.shouldFailOnError) throw error;
  runner.warning(`${error.message} ${error.hint ?? ''}`);
}
