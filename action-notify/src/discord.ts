import type { APIEmbed, APIEmbedField } from 'discord-api-types/v10';
import { headlineOf, imagesTitle, listFacts, type Announcement, type Fact } from './announcement.ts';
import { describeChange } from './image-change.ts';
import type { Mention } from './mentions.ts';
import { fit, fitLines } from './plain-text.ts';
import { colorOf } from './status.ts';

// Discord's limits (API reference, "Embed limits"); the sum counts title, description, fields and footer together.
const titleLimit = 256;
const fieldNameLimit = 256;
const fieldValueLimit = 1024;
const footerLimit = 2048;
const mostFields = 25;
const sumLimit = 6000;
const threadNameLimit = 100;
/** Below Discord's own 4096, so that there is always room for facts. */
const descriptionLimit = 3000;

type DiscordEmbed = APIEmbed & Required<Pick<APIEmbed, 'title' | 'color' | 'fields' | 'footer' | 'timestamp'>>;

/** The body of a webhook's message, new or changed. */
export interface DiscordMessage {
  /** Mentions only; empty so that a change takes away what an earlier message said there. */
  readonly content: string;
  readonly embeds: [DiscordEmbed];
  /** Who may be alerted: the ids in `content`, whatever the texts say. A change needs it as much as a new message. */
  readonly allowed_mentions: { readonly parse: never[]; readonly users: string[]; readonly roles: string[] };
}

/** Renders a message for a Discord webhook. */
export function renderDiscord(announcement: Announcement): DiscordMessage {
  const { status, runUrl, repository, at } = announcement;
  const title = fit(headlineOf(announcement), titleLimit, escapeDiscord);
  const description = renderDescription(announcement);
  const footer = fit(repository ?? 'Deploy Actions', Math.min(footerLimit, 300));
  const room = sumLimit - title.length - description.length - footer.length;
  return {
    content: mentionDiscord(announcement.mentions.discord),
    embeds: [
      {
        title,
        ...(description === '' ? {} : { description }),
        ...(runUrl === undefined ? {} : { url: runUrl }),
        color: colorOf(status),
        fields: fitFields(listFacts(announcement).map(renderFact), room),
        footer: { text: footer },
        timestamp: at.toISOString(),
      },
    ],
    allowed_mentions: allowMentions(announcement.mentions.discord),
  };
}

/** The message that begins a thread in a forum channel, under a name of at most 100 characters. */
export function nameThread(message: DiscordMessage, name: string): DiscordMessage & { readonly thread_name: string } {
  return { ...message, thread_name: fit(name, threadNameLimit) };
}

/** The text that calls people: `<@user> <@&role>`. */
export function mentionDiscord(mentions: readonly Mention[]): string {
  return mentions.map(({ kind, id }) => (kind === 'user' ? `<@${id}>` : `<@&${id}>`)).join(' ');
}

/** Nobody but these, even where a text manages to look like a mention. */
export function allowMentions(mentions: readonly Mention[]): DiscordMessage['allowed_mentions'] {
  const idsOf = (wanted: Mention['kind']): string[] =>
    mentions.filter(({ kind }) => kind === wanted).map(({ id }) => id);
  return { parse: [], users: idsOf('user'), roles: idsOf('group') };
}

/** Takes Markdown's characters their meaning, and `@everyone` and `<@…>` their form. */
export function escapeDiscord(text: string): string {
  return text.replaceAll(/[\\*_~`|>#[\]()<-]/g, (mark) => `\\${mark}`).replaceAll('@', '@\u200B');
}

function renderFact(fact: Fact): APIEmbedField {
  const link = fact.url === undefined ? undefined : renderLink(fact.url, fact.value);
  return {
    name: fit(fact.name, fieldNameLimit, escapeDiscord),
    value: link ?? fit(fact.value, fieldValueLimit, escapeDiscord),
    inline: fact.value.length <= 40,
  };
}

/** Undefined when the link would not fit. */
function renderLink(url: string, label: string): string | undefined {
  // A label that looks like an address would not become a link; such addresses are links by themselves.
  if (label === url) return url.length <= fieldValueLimit ? url : undefined;
  const address = url.replaceAll('(', '%28').replaceAll(')', '%29');
  const left = fieldValueLimit - address.length - '[]()'.length;
  return left < 1 ? undefined : `[${fit(label, left, escapeDiscord)}](${address})`;
}

function renderDescription({ images, status }: Announcement): string {
  if (images.length === 0) return '';
  const lines = images.map((image) => {
    const change = describeChange(image).map((part) => fit(part, 300, escapeDiscord));
    return `• ${fit(image.name, 200, escapeDiscord)}: ${change.join(' ')}`;
  });
  return fitLines([`**${imagesTitle(status)}**`, ...lines], descriptionLimit);
}

/** The first fields that fit into 25 and into the room that is left of the sum; the others are counted in the last one. */
function fitFields(fields: APIEmbedField[], room: number): APIEmbedField[] {
  const size = (field: APIEmbedField): number => field.name.length + field.value.length;
  const total = fields.reduce((sum, field) => sum + size(field), 0);
  if (fields.length <= mostFields && total <= room) return fields;
  const more = (left: number): APIEmbedField => ({ name: '…', value: `and ${left} more`, inline: false });
  const kept: APIEmbedField[] = [];
  let left = room - size(more(fields.length));
  for (const field of fields.slice(0, mostFields - 1)) {
    left -= size(field);
    if (left < 0) break;
    kept.push(field);
  }
  return [...kept, more(fields.length - kept.length)];
}
