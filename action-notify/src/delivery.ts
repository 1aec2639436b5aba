import { describeThrown } from '@deploy-actions/kit/action/errors';
import { redact } from '@deploy-actions/kit/action/secrets';
import type { Clock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import { nextStep } from './delivery-step.ts';
import type { Answer, Judge, Verdict } from './judgement.ts';
import type { MessageRef } from './message-ref.ts';
import { cleanLine } from './plain-text.ts';

/** The services that take letters, in the order in which they are told about. */
export const mailProviders = ['slack', 'slack-bot', 'discord', 'teams', 'telegram', 'ntfy', 'webhook'] as const;
export type MailProvider = (typeof mailProviders)[number];
export type Provider = MailProvider | 'github' | 'ledger';

/** One message, ready to be sent. */
export interface Letter {
  readonly provider: MailProvider;
  readonly method: 'POST' | 'PATCH';
  /** Slack's Web API: of the method, `https://slack.com/api/chat.postMessage`. */
  readonly url: URL;
  /** What is sent as JSON. Holds no secret but what `secrets` names. */
  readonly payload: object;
  readonly headers: Readonly<Record<string, string>>;
  /** Slack's bot token. */
  readonly token?: string;
  /** What must not appear in any text about this letter. */
  readonly secrets: readonly string[];
  readonly judge: Judge;
  /** What to send instead when the message that this one changes is gone. */
  readonly otherwise?: Letter;
  /** What to send after this one: a change alerts nobody, so that mentions need a message of their own. */
  readonly next?: Letter;
  /** What people should know about a success. */
  readonly remark?: string;
}

/** What became of it. */
export interface Delivery {
  readonly provider: Provider;
  readonly result: 'ok' | 'skipped' | 'error';
  /** Why it was skipped or failed, or what to know about a success; for people, without secrets. */
  readonly detail?: string;
  /** Where the message is. */
  readonly ref?: MessageRef;
}

/** The door to web services: one request, whose redirect is not followed. */
export type Send = (letter: Letter, signal: AbortSignal) => Promise<Answer>;

export interface DeliveryDoors {
  readonly clock: Clock;
  readonly send: Send;
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  readonly random: () => number;
}

const longestReplyMs = 10_000;

/** Sends a letter, again while that may help and until `deadlineAt` on the clock. Only cancellation is thrown. */
export async function deliver(letter: Letter, deadlineAt: number, doors: DeliveryDoors): Promise<Delivery> {
  const { clock, signal, random } = doors;
  const { provider, secrets, otherwise, next } = letter;
  for (let tries = 1; ; tries++) {
    const verdict = await tryOnce(letter, deadlineAt - clock.now(), doors);
    signal.throwIfAborted();
    const step = nextStep(verdict, tries, deadlineAt - clock.now(), random());
    if (step.kind === 'retry') {
      await clock.sleep(step.waitMs, signal);
      continue;
    }
    if (step.kind === 'replace' && otherwise !== undefined) {
      const replaced = await deliver(otherwise, deadlineAt, doors);
      return { detail: 'the earlier message is gone, so this is a new one', ...replaced };
    }
    if (step.kind !== 'done') return { provider, result: 'error', detail: redact(step.reason, secrets) };
    const ref = verdict.kind === 'accepted' && verdict.ref !== undefined ? { ref: verdict.ref } : {};
    const after = next === undefined ? undefined : await deliver(next, deadlineAt, doors);
    if (after?.result === 'error') {
      return { ...after, detail: `the message was changed, but not the mention sent: ${after.detail ?? ''}`, ...ref };
    }
    return { provider, result: 'ok', ...(letter.remark === undefined ? {} : { detail: letter.remark }), ...ref };
  }
}

async function tryOnce(letter: Letter, leftMs: number, { send, signal }: DeliveryDoors): Promise<Verdict> {
  const timeoutMs = Math.max(1, Math.ceil(Math.min(longestReplyMs, leftMs)));
  try {
    return letter.judge(await send(letter, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])));
  } catch (thrown) {
    const isTimeout = thrown instanceof Error && thrown.name === 'TimeoutError';
    // `fetch failed` says nothing; its cause does.
    const root = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    const problem = isTimeout ? `no answer within ${formatDuration(timeoutMs)}` : `no answer (${describeThrown(root)})`;
    return { kind: 'transient', reason: cleanLine(problem) };
  }
}
