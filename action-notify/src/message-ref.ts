import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { isRecord } from './json.ts';

/** Where the messages of an earlier call are, so that this one can change them or answer in their thread. No secrets. */
export interface MessageRefs {
  /** When the first of these messages was written. */
  readonly at?: Date;
  /** `channel` only where it is not the one of the input: an id that is kept as a secret must not make the output vanish. */
  readonly 'slack-bot'?: { readonly ts: string; readonly channel?: string };
  readonly discord?: { readonly id: string; readonly thread?: string };
  readonly telegram?: { readonly id: number };
  readonly ntfy?: { readonly id: string };
  /** The GitHub deployment, whose status later calls set. */
  readonly github?: { readonly id: number };
}

/** The part of {@link MessageRefs} that one delivery adds. */
export type MessageRef = Omit<MessageRefs, 'at'>;

const schema = 'deploy-actions/message-ref/1';

/** The output `message-ref`; empty when no message can be changed later and none was begun. */
export function formatRefs(refs: MessageRefs): string {
  const { at, ...messages } = refs;
  if (at === undefined && Object.keys(messages).length === 0) return '';
  return JSON.stringify({ schema, ...(at === undefined ? {} : { at: at.toISOString() }), ...messages });
}

/**
 * Reads the input `message-ref`: what {@link formatRefs} wrote. Every value ends up in an address or a payload, so each is
 * checked for its form.
 * @throws ConfigurationError
 */
export function parseRefs(text: string | undefined): MessageRefs {
  if (text === undefined) return {};
  const value = parseJson(text);
  if (!isRecord(value) || value['schema'] !== schema) throw notARef();
  const at = matching(value['at'], /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const slack = isRecord(value['slack-bot']) ? value['slack-bot'] : {};
  const discord = isRecord(value['discord']) ? value['discord'] : {};
  const telegram = numberOf(value['telegram']);
  const github = numberOf(value['github']);
  const ntfy = isRecord(value['ntfy']) ? matching(value['ntfy']['id'], /^[\w-]{1,64}$/) : undefined;
  const ts = matching(slack['ts'], /^\d+\.\d+$/);
  const channel = matching(slack['channel'], /^[A-Z0-9]{2,20}$/);
  const id = matching(discord['id'], /^\d{5,25}$/);
  const thread = matching(discord['thread'], /^\d{5,25}$/);
  return {
    ...(at === undefined ? {} : { at: new Date(at) }),
    ...(ts === undefined ? {} : { 'slack-bot': { ts, ...(channel === undefined ? {} : { channel }) } }),
    ...(id === undefined ? {} : { discord: { id, ...(thread === undefined ? {} : { thread }) } }),
    ...(telegram === undefined ? {} : { telegram: { id: telegram } }),
    ...(github === undefined ? {} : { github: { id: github } }),
    ...(ntfy === undefined ? {} : { ntfy: { id: ntfy } }),
  };
}

function numberOf(value: unknown): number | undefined {
  const id = isRecord(value) ? value['id'] : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? id : undefined;
}

function matching(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw notARef();
  }
}

function notARef(): ConfigurationError {
  return new ConfigurationError(
    'input `message-ref`: it is not what the output `message-ref` of an earlier step gave.',
    'Give ${{ steps.<id>.outputs.message-ref }} of the step that told of the start.',
  );
}
