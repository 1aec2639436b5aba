import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret } from '@deploy-actions/kit/action/secrets';
import type { MailProvider } from './delivery.ts';
import { cleanLine } from './plain-text.ts';
import { parseWebhookUrl, secretParts } from './webhook-url.ts';

interface Destination {
  /** Everything about it that no text may hold. */
  readonly secrets: readonly string[];
}
export interface Webhook extends Destination {
  readonly url: URL;
}
export interface SlackBot extends Destination {
  readonly token: string;
  readonly channel: string;
  readonly apiUrl: URL;
}
export interface DiscordHook extends Webhook {
  readonly thread: string | undefined;
  /** Of the thread to begin, in a forum channel. */
  readonly newThread: string | undefined;
}
export interface TelegramBot extends Destination {
  readonly token: string;
  readonly chat: string;
  readonly topic: number | undefined;
  readonly apiUrl: URL;
}
export interface NtfyTopic extends Destination {
  /** The server, with a slash at its end. */
  readonly url: URL;
  readonly topic: string;
  readonly token: string | undefined;
}
export interface SignedWebhook extends Webhook {
  readonly key: string | undefined;
}

/** Who is told, as far as configured. */
export interface Destinations {
  readonly slack: Webhook | undefined;
  readonly 'slack-bot': SlackBot | undefined;
  readonly discord: DiscordHook | undefined;
  readonly teams: Webhook | undefined;
  readonly telegram: TelegramBot | undefined;
  readonly ntfy: NtfyTopic | undefined;
  readonly webhook: SignedWebhook | undefined;
}

/** The input without which a service is not told, for messages. */
export const mainInputs: Readonly<Record<MailProvider, string>> = {
  slack: 'slack-webhook',
  'slack-bot': 'slack-token',
  discord: 'discord-webhook',
  teams: 'teams-webhook',
  telegram: 'telegram-token',
  ntfy: 'ntfy-url',
  webhook: 'webhook-url',
};

/**
 * Reads who is told. Every secret and its telling parts are masked before any of them is looked at.
 * @throws ConfigurationError naming the input; it quotes no secret
 */
export function readDestinations(runner: Runner, inputs: InputReader): Destinations {
  const texts = {
    slack: inputs.secret('slack-webhook'),
    slackToken: inputs.secret('slack-token'),
    discord: inputs.secret('discord-webhook'),
    teams: inputs.secret('teams-webhook'),
    telegram: inputs.secret('telegram-token'),
    ntfy: inputs.secret('ntfy-url'),
    ntfyToken: inputs.secret('ntfy-token'),
    webhook: inputs.secret('webhook-url'),
    webhookKey: inputs.secret('webhook-secret'),
  };
  for (const url of [texts.slack, texts.discord, texts.teams, texts.ntfy, texts.webhook]) {
    for (const part of url === undefined ? [] : secretParts(url)) maskSecret(runner, part);
  }
  return {
    slack: readWebhook(texts.slack, 'slack-webhook'),
    'slack-bot': readSlackBot(texts.slackToken, inputs, runner),
    discord: readDiscord(texts.discord, inputs, runner),
    teams: readWebhook(texts.teams, 'teams-webhook'),
    telegram: readTelegram(texts.telegram, inputs, runner),
    ntfy: readNtfy(texts.ntfy, texts.ntfyToken),
    webhook: readSigned(texts.webhook, texts.webhookKey),
  };
}

function readWebhook(text: string | undefined, input: string): Webhook | undefined {
  return text === undefined ? undefined : { url: parseWebhookUrl(text, input), secrets: secretParts(text) };
}

function readSlackBot(text: string | undefined, inputs: InputReader, runner: Runner): SlackBot | undefined {
  const channel = inputs.optional('slack-channel');
  if (text === undefined) {
    noticeSkip(runner, 'slack-token', channel === undefined ? undefined : 'slack-channel');
    return undefined;
  }
  const token = text.trim();
  if (!/^[\w.-]+$/.test(token)) throw malformed('slack-token', 'a bot token of Slack, xoxb-…');
  if (channel === undefined) {
    throw new ConfigurationError(
      'input `slack-channel` is required with `slack-token`.',
      'Give the id of the channel (C…), from the channel’s details in Slack.',
    );
  }
  if (!/^[#@]?[\w.-]{1,80}$/.test(channel)) throw badInput('slack-channel', channel, 'the id of a channel (C…)');
  const apiUrl = readApiUrl(inputs.required('slack-api-url'), 'slack-api-url');
  return { token, channel, apiUrl, secrets: [token] };
}

function readDiscord(text: string | undefined, inputs: InputReader, runner: Runner): DiscordHook | undefined {
  const thread = inputs.optional('discord-thread-id');
  if (thread !== undefined && !/^\d{5,25}$/.test(thread)) {
    throw badInput('discord-thread-id', thread, 'the id of a thread, digits only');
  }
  const newThread = cleanLine(inputs.optional('discord-thread-name') ?? '') || undefined;
  if (thread !== undefined && newThread !== undefined) {
    throw new ConfigurationError('inputs `discord-thread-id` and `discord-thread-name` exclude each other.');
  }
  const hook = readWebhook(text, 'discord-webhook');
  if (hook !== undefined) return { ...hook, thread, newThread };
  noticeSkip(runner, 'discord-webhook', thread && 'discord-thread-id');
  noticeSkip(runner, 'discord-webhook', newThread && 'discord-thread-name');
  return undefined;
}

function readTelegram(text: string | undefined, inputs: InputReader, runner: Runner): TelegramBot | undefined {
  const chat = inputs.optional('telegram-chat');
  const topic = inputs.optional('telegram-topic');
  if (text === undefined) {
    noticeSkip(runner, 'telegram-token', chat === undefined ? undefined : 'telegram-chat');
    return undefined;
  }
  const token = text.trim();
  const key = /^\d+:([\w-]{10,})$/.exec(token)?.[1];
  if (key === undefined) throw malformed('telegram-token', 'a bot token of Telegram, 123456:ABC…');
  maskSecret(runner, key);
  if (chat === undefined) throw new ConfigurationError('input `telegram-chat` is required with `telegram-token`.');
  if (!/^(-?\d{1,20}|@\w{1,64})$/.test(chat)) {
    throw badInput('telegram-chat', chat, 'the id of a chat (a number, negative for groups) or @channel');
  }
  if (topic !== undefined && !/^\d{1,15}$/.test(topic)) throw badInput('telegram-topic', topic, 'the id of a topic');
  const apiUrl = readApiUrl(inputs.required('telegram-api-url'), 'telegram-api-url');
  const topicId = topic === undefined ? undefined : Number(topic);
  return { token, chat, apiUrl, topic: topicId, secrets: [token, key] };
}

function readNtfy(text: string | undefined, token: string | undefined): NtfyTopic | undefined {
  if (text === undefined) {
    if (token === undefined) return undefined;
    throw new ConfigurationError('input `ntfy-token` is given, but `ntfy-url` is empty: there is nothing to open.');
  }
  const url = parseWebhookUrl(text, 'ntfy-url');
  const topic = /\/([\w-]{1,64})$/.exec(url.pathname)?.[1];
  if (topic === undefined || url.search !== '') {
    throw new ConfigurationError(
      'input `ntfy-url`: its value does not end in a topic.',
      'Write it as https://ntfy.sh/your-topic; a topic has letters, digits, `_` and `-`, up to 64.',
    );
  }
  const secrets = [...secretParts(text), topic, ...(token === undefined ? [] : [token.trim()])];
  return { url: new URL('.', url), topic, token: token?.trim(), secrets };
}

function readSigned(text: string | undefined, key: string | undefined): SignedWebhook | undefined {
  const hook = readWebhook(text, 'webhook-url');
  if (hook !== undefined) return { ...hook, key, secrets: [...hook.secrets, ...(key === undefined ? [] : [key])] };
  if (key === undefined) return undefined;
  throw new ConfigurationError(
    'input `webhook-secret` is given, but `webhook-url` is empty: there is nothing to sign.',
  );
}

/** A channel without its secret is what a fork sees: no error, but somebody may wonder. */
function noticeSkip(runner: Runner, secret: string, given: string | undefined): void {
  if (given === undefined) return;
  runner.notice(
    `\`${given}\` is given, but \`${secret}\` is empty, so nothing is sent there (a secret that does not exist here arrives empty).`,
  );
}

/** With a slash at its end, so that methods can be put behind it. */
function readApiUrl(text: string, input: string): URL {
  const url = parseWebhookUrl(text, input);
  return new URL(url.href.endsWith('/') ? url.href : `${url.href}/`);
}

function malformed(input: string, expected: string): ConfigurationError {
  return new ConfigurationError(
    `input \`${input}\`: its value is not ${expected}.`,
    'Put the token alone into a secret.',
  );
}
