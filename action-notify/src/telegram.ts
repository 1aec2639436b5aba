import type { ApiMethods } from '@grammyjs/types';
import { headlineOf, imagesTitle, listFacts, type Announcement, type Fact } from './announcement.ts';
import { describeChange } from './image-change.ts';
import type { Mention } from './mentions.ts';
import { fit, fitLines } from './plain-text.ts';

/** The Bot API counts 4096 characters after its entities are parsed; counted before, it is always within. */
const textLimit = 4096;
const lineLimit = 1000;

type TelegramMethod = 'sendMessage' | 'editMessageText';

/** What a method of the Bot API takes besides the chat. */
export type TelegramArguments<Method extends TelegramMethod> = Omit<
  Parameters<ApiMethods<never>[Method]>[0],
  'chat_id'
>;

/** What sendMessage and editMessageText have in common, without the chat. */
export interface TelegramMessage {
  readonly text: string;
  readonly parse_mode: 'HTML';
  readonly link_preview_options: { readonly is_disabled: true };
}

/** Renders a message for Telegram, in the HTML that the Bot API reads. */
export function renderTelegram(announcement: Announcement): TelegramMessage {
  const { images, status, runUrl, mentions } = announcement;
  const lines = [
    `<b>${fit(headlineOf(announcement), lineLimit, escapeTelegram)}</b>`,
    ...(mentions.telegram.length === 0 ? [] : [mentionTelegram(mentions.telegram)]),
    ...listFacts(announcement).map(renderFact),
    ...(runUrl === undefined ? [] : [renderLink(runUrl, 'Workflow run')]),
    ...(images.length === 0 ? [] : [`<b>${imagesTitle(status)}</b>`]),
    ...images.map((image) => {
      const change = describeChange(image).map((part) => fit(part, 300, escapeTelegram));
      return `• ${fit(image.name, 200, escapeTelegram)}: ${change.join(' ')}`;
    }),
  ];
  return { text: fitLines(lines, textLimit), parse_mode: 'HTML', link_preview_options: { is_disabled: true } };
}

/** The text that calls people, by id: a name could be another's tomorrow. */
export function mentionTelegram(mentions: readonly Mention[]): string {
  return mentions
    .slice(0, 50)
    .map(({ id }) => `<a href="tg://user?id=${id}">${id}</a>`)
    .join(' ');
}

/** HTML's characters, and a space of no width after `@`, which would call a user by name. */
export function escapeTelegram(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('@', '@\u200B');
}

function renderFact(fact: Fact): string {
  const name = `<b>${fit(fact.name, 200, escapeTelegram)}</b>: `;
  return `${name}${fact.url === undefined ? fit(fact.value, lineLimit - name.length, escapeTelegram) : renderLink(fact.url, fact.value)}`;
}

/** Half a link is none: one that is too long is left a text. */
function renderLink(url: string, label: string): string {
  const address = escapeHref(url);
  const left = lineLimit - 300 - address.length;
  const shown = fit(label, 200, escapeTelegram);
  return left < 0 ? shown : `<a href="${address}">${shown}</a>`;
}

function escapeHref(url: string): string {
  return url.replaceAll('&', '&amp;').replaceAll('<', '%3C').replaceAll('>', '%3E').replaceAll('"', '%22');
}
