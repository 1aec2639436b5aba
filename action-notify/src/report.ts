import { describeThrown } from '@deploy-actions/kit/action/errors';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { redact } from '@deploy-actions/kit/action/secrets';
import type { Announcement } from './announcement.ts';
import { mailProviders, type Delivery, type Letter } from './delivery.ts';
import type { DeploymentRecord } from './deployment-record.ts';
import { mainInputs } from './destinations.ts';
import { NotifyError } from './error.ts';
import type { Inputs } from './inputs.ts';
import { formatRefs, type MessageRefs } from './message-ref.ts';
import { renderSummary } from './summary.ts';

export interface Outcome {
  readonly announcement: Announcement;
  readonly record: DeploymentRecord;
  /** What was sent, or in a dry run would be. */
  readonly letters: readonly Letter[];
  readonly deliveries: readonly Delivery[];
  readonly deploymentId: number | undefined;
}

/** One entry per service, also for those that were not asked, and why. */
export function completeDeliveries(inputs: Inputs, sent: readonly Delivery[], isWanted: boolean): readonly Delivery[] {
  return mailProviders.map((provider) => {
    const found = sent.find((delivery) => delivery.provider === provider);
    if (found !== undefined) return found;
    const isConfigured = inputs.destinations[provider] !== undefined;
    const detail = isConfigured && !isWanted ? `notify-on leaves out ${inputs.status}` : undefined;
    return { provider, result: 'skipped', ...(detail === undefined ? {} : { detail }) };
  });
}

/** Where the messages are now: those of before, those that were sent, and when the first was. Pure. */
export function mergeRefs(before: MessageRefs, deliveries: readonly Delivery[], now: Date): MessageRefs {
  const merged = deliveries.reduce<MessageRefs>((refs, { ref }) => ({ ...refs, ...ref }), before);
  const wasSent = deliveries.some(({ result }) => result === 'ok');
  const at = before.at ?? (wasSent ? now : undefined);
  return at === undefined ? merged : { ...merged, at };
}

/** `{"discord":{…}}`: what each service was sent, with its secrets blacked out. Pure. */
export function renderPayloads(letters: readonly Letter[]): string {
  const parts = letters.map(({ provider, payload, secrets }) => {
    return `${JSON.stringify(provider)}:${redact(JSON.stringify(payload), secrets)}`;
  });
  return `{${parts.join(',')}}`;
}

/** @throws NotifyError when something did not get through and that fails the step */
export async function report(runner: Runner, inputs: Inputs, outcome: Outcome): Promise<void> {
  const { announcement, record, letters, deliveries, deploymentId } = outcome;
  const results = Object.fromEntries(deliveries.map(({ provider, result }) => [provider, result]));
  runner.output('delivered', JSON.stringify(results));
  runner.output('approvers', announcement.approvedBy.join(','));
  runner.output('deployment-id', deploymentId === undefined ? '' : String(deploymentId));
  runner.output('message-ref', formatRefs(mergeRefs(inputs.relation.refs, deliveries, announcement.at)));
  runner.output('payload', renderPayloads(letters));
  runner.output('record', inputs.shouldRecord ? JSON.stringify(record) : '');
  runner.info(describeDeliveries(deliveries));
  if (inputs.hasSummary)
    await runner.summary(renderSummary(announcement, deliveries)).catch((thrown: unknown) => {
      runner.warning(`the job summary could not be written: ${describeThrown(thrown)}`);
    });
  if (Object.values(inputs.destinations).every((destination) => destination === undefined)) {
    const names = mailProviders.map((provider) => `\`${mainInputs[provider]}\``).join(', ');
    runner.notice(`Nobody was told: ${names} are all empty (a secret that does not exist here arrives empty).`);
  }
  const failed = deliveries.filter(({ result }) => result === 'error');
  if (failed.length === 0) return;
  const error = new NotifyError({
    code: 'DELIVERY_FAILED',
    message: `notify: ${failed.map(({ provider, detail }) => `${provider}: ${(detail ?? 'failed').replace(/\.$/, '')}`).join('; ')}.`,
    hint: 'The deployment itself is not affected by this.',
  });
  runner.output('error-code', error.code);
  if (inputs.shouldFailOnError) throw error;
  runner.warning(`${error.message} ${error.hint ?? ''}`);
}

/** One line for the log; services that are not configured are left out. */
function describeDeliveries(deliveries: readonly Delivery[]): string {
  const told = deliveries.filter(({ result, detail }) => result !== 'skipped' || detail !== undefined);
  const parts = told.map(({ provider, result, detail }) => {
    return `${provider}: ${result}${detail === undefined ? '' : ` (${detail})`}`;
  });
  return parts.length === 0 ? 'Nobody is configured to be told.' : parts.join(' · ');
}
