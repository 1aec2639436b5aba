import { headlineOf, type Announcement } from './announcement.ts';
import { mailProviders, type Letter, type MailProvider } from './delivery.ts';
import type {
  Destinations,
  DiscordHook,
  NtfyTopic,
  SignedWebhook,
  SlackBot,
  TelegramBot,
  Webhook,
} from './destinations.ts';
import { allowMentions, escapeDiscord, mentionDiscord, nameThread, renderDiscord } from './discord.ts';
import { judgeDiscord, judgeNtfy, judgeSlack, judgeStatus, judgeTelegram } from './judgement.ts';
import { noMentions } from './mentions.ts';
import type { MessageRefs } from './message-ref.ts';
import { renderNtfy } from './ntfy.ts';
import { fit } from './plain-text.ts';
import { escapeSlack, mentionSlack, renderSlack } from './slack.ts';
import { escapeTelegram, mentionTelegram, renderTelegram, type TelegramArguments } from './telegram.ts';
import { renderTeams } from './teams.ts';
import { renderWebhook, signBody } from './webhook.ts';

/** How this message stands to an earlier one. */
export interface Relation {
  readonly refs: MessageRefs;
  /** Whether to answer in the thread of the earlier message instead of changing it. */
  readonly isThread: boolean;
}

/** One letter for each service that is configured. Pure. */
export function writeLetters(announcement: Announcement, to: Destinations, relation: Relation): readonly Letter[] {
  return mailProviders.flatMap((provider) => writeLetter(provider, announcement, to, relation) ?? []);
}

function writeLetter(
  provider: MailProvider,
  announcement: Announcement,
  to: Destinations,
  { refs, isThread }: Relation,
): Letter | undefined {
  switch (provider) {
    case 'slack':
      return to.slack && plainLetter(provider, to.slack, renderSlack(announcement));
    case 'slack-bot':
      return to['slack-bot'] && slackBotLetter(announcement, to['slack-bot'], refs['slack-bot'], isThread);
    case 'discord':
      return to.discord && discordLetter(announcement, to.discord, refs.discord, isThread);
    case 'teams':
      return to.teams && teamsLetter(announcement, to.teams);
    case 'telegram':
      return to.telegram && telegramLetter(announcement, to.telegram, refs.telegram, isThread);
    case 'ntfy':
      return to.ntfy && ntfyLetter(announcement, to.ntfy, refs.ntfy, isThread);
    case 'webhook':
      return to.webhook && signedLetter(announcement, to.webhook);
  }
}

function plainLetter(provider: MailProvider, { url, secrets }: Webhook, payload: object): Letter {
  return { provider, method: 'POST', url, payload, headers: {}, secrets, judge: judgeStatus };
}

/** A workflow of Teams answers before it has posted anything. */
function teamsLetter(announcement: Announcement, to: Webhook): Letter {
  const remark = 'accepted; whether it was shown is only seen in the runs of the Teams workflow';
  return { ...plainLetter('teams', to, renderTeams(announcement)), remark };
}

function signedLetter(announcement: Announcement, to: SignedWebhook): Letter {
  const payload = renderWebhook(announcement);
  const headers = to.key === undefined ? {} : signBody(JSON.stringify(payload), to.key);
  return { ...plainLetter('webhook', to, payload), headers };
}

function slackBotLetter(
  announcement: Announcement,
  { token, channel, apiUrl, secrets }: SlackBot,
  ref: MessageRefs['slack-bot'],
  isThread: boolean,
): Letter {
  const call = (method: string, payload: object): Letter => {
    const url = new URL(method, apiUrl);
    return {
      provider: 'slack-bot',
      method: 'POST',
      url,
      payload,
      headers: {},
      token,
      secrets,
      judge: judgeSlack(channel),
    };
  };
  const fresh = call('chat.postMessage', { channel, ...renderSlack(announcement) });
  if (ref === undefined) return fresh;
  const where = { channel: ref.channel ?? channel };
  if (isThread) {
    const answer = call('chat.postMessage', { ...where, thread_ts: ref.ts, ...renderSlack(announcement) });
    return { ...answer, judge: withoutRef(answer), otherwise: fresh };
  }
  const { text, blocks } = renderSlack({ ...announcement, mentions: noMentions });
  const change = { ...call('chat.update', { ...where, ts: ref.ts, text, blocks }), otherwise: fresh };
  const called = announcement.mentions.slack;
  if (called.length === 0) return change;
  const shout = `${mentionSlack(called)} ${fit(headlineOf(announcement), 2000, escapeSlack)}`;
  const alert = call('chat.postMessage', { ...where, thread_ts: ref.ts, reply_broadcast: true, text: shout });
  return { ...change, next: alert };
}

function discordLetter(
  announcement: Announcement,
  { url, secrets, thread: givenThread, newThread }: DiscordHook,
  ref: MessageRefs['discord'],
  isThread: boolean,
): Letter {
  const send = (method: Letter['method'], path: string, thread: string | undefined, payload: object): Letter => {
    const address = new URL(url);
    address.pathname = `${address.pathname.replace(/\/$/, '')}${path}`;
    // Without `wait` Discord answers before it has kept the message, and says nothing when it does not.
    if (method === 'POST') address.searchParams.set('wait', 'true');
    if (thread !== undefined) address.searchParams.set('thread_id', thread);
    return { provider: 'discord', method, url: address, payload, headers: {}, secrets, judge: judgeDiscord(thread) };
  };
  const message = renderDiscord(announcement);
  if (isThread && ref?.thread !== undefined) return send('POST', '', ref.thread, message);
  const fresh =
    newThread === undefined
      ? send('POST', '', givenThread, message)
      : { ...send('POST', '', undefined, nameThread(message, newThread)), judge: judgeDiscord('new') };
  if (ref === undefined || isThread) return fresh;
  const silent = renderDiscord({ ...announcement, mentions: noMentions });
  const change = { ...send('PATCH', `/messages/${ref.id}`, ref.thread, silent), otherwise: fresh };
  const called = announcement.mentions.discord;
  if (called.length === 0) return change;
  const content = `${mentionDiscord(called)} ${fit(headlineOf(announcement), 500, escapeDiscord)}`;
  return { ...change, next: send('POST', '', ref.thread, { content, allowed_mentions: allowMentions(called) }) };
}

function telegramLetter(
  announcement: Announcement,
  { token, chat, topic, apiUrl, secrets }: TelegramBot,
  ref: MessageRefs['telegram'],
  isThread: boolean,
): Letter {
  const call = <Method extends 'sendMessage' | 'editMessageText'>(
    method: Method,
    payload: TelegramArguments<Method>,
  ): Letter => ({
    provider: 'telegram',
    method: 'POST',
    url: new URL(`${apiUrl.href}bot${token}/${method}`),
    payload: { chat_id: chat, ...payload },
    headers: {},
    secrets,
    judge: judgeTelegram,
  });
  const inTopic = topic === undefined ? {} : { message_thread_id: topic };
  const answering = (id: number) => ({ ...inTopic, reply_parameters: { message_id: id } });
  const fresh = call('sendMessage', { ...inTopic, ...renderTelegram(announcement) });
  if (ref === undefined) return fresh;
  if (isThread) {
    const answer = call('sendMessage', { ...answering(ref.id), ...renderTelegram(announcement) });
    return { ...answer, judge: withoutRef(answer), otherwise: fresh };
  }
  const silent = renderTelegram({ ...announcement, mentions: noMentions });
  const change = { ...call('editMessageText', { message_id: ref.id, ...silent }), otherwise: fresh };
  const called = announcement.mentions.telegram;
  if (called.length === 0) return change;
  const text = `${mentionTelegram(called)} ${fit(headlineOf(announcement), 500, escapeTelegram)}`;
  const alert = call('sendMessage', { ...answering(ref.id), ...renderTelegram(announcement), text });
  return { ...change, next: { ...alert, judge: withoutRef(alert) } };
}

function ntfyLetter(
  announcement: Announcement,
  { url, topic, token, secrets }: NtfyTopic,
  ref: MessageRefs['ntfy'],
  isThread: boolean,
): Letter {
  // ntfy takes what has the id of an earlier message for its new version.
  const sequence = ref === undefined || isThread ? {} : { sequence_id: ref.id };
  const payload = { topic, ...renderNtfy(announcement), ...sequence };
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const judge: Letter['judge'] = ref === undefined || isThread ? judgeNtfy : judgeStatus;
  return { provider: 'ntfy', method: 'POST', url, payload, headers, secrets, judge };
}

/** An answer in a thread is not what later calls change: that stays the message at its head. */
function withoutRef({ judge }: Letter): Letter['judge'] {
  return (answer) => {
    const verdict = judge(answer);
    return verdict.kind === 'accepted' ? { kind: 'accepted' } : verdict;
  };
}
