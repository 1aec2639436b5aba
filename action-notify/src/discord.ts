import { headlineOf, imagesTitle, listFacts, type Announcement, type Fact } from './announcement.ts';
import { describeChange } from './image-change.ts';
import { fit, fitLines } from './plain-text.ts';
import { colorOf } from './status.ts';

// Discord's limits (API reference, "Embed limits"); the sum counts title, description, fields and footer together.
const titleLimit = 256;
const fieldNameLimit = 256;
const fieldValueLimit = 1024;
const footerLimit = 2048;
const mostFields = 25;
const sumLimit = 6000;
/** Below Discord's own 4096, so that there is always room for facts. */
const descriptionLimit = 3000;

export interface DiscordField {
  readonly name: string;
  readonly value: string;
  readonly inline: boolean;
}

export interface DiscordEmbed {
  readonly title: string;
  readonly description?: string;
  readonly url?: string;
  readonly color: number;
  readonly fields: readonly DiscordField[];
  readonly footer: { readonly text: string };
  readonly timestamp: string;
}

/** The body of a webhook's message. */
export interface DiscordMessage {
  readonly embeds: readonly [DiscordEmbed];
  /** Nobody is mentioned, whatever the texts say. */
  readonly allowed_mentions: { readonly parse: readonly never[] };
}

/** Renders a message for a Discord webhook. */
export function renderDiscord(announcement: Announcement): DiscordMessage {
  const { status, runUrl, repository, at } = announcement;
  const title = fit(headlineOf(announcement), titleLimit, escapeDiscord);
  const description = renderDescription(announcement);
  const footer = fit(repository ?? 'Deploy Actions', Math.min(footerLimit, 300));
  const room = sumLimit - title.length - description.length - footer.length;
  return {
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
    allowed_mentions: { parse: [] },
  };
}

/** Takes Markdown's characters their meaning, and `@everyone` and `<@…>` their form. */
export function escapeDiscord(text: string): string {
  return text.replaceAll(/[\\*_~`|>#[\]()<-]/g, (mark) => `\\${mark}`).replaceAll('@', '@\u200B');
}

function renderFact(fact: Fact): DiscordField {
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
function fitFields(fields: readonly DiscordField[], room: number): readonly DiscordField[] {
  const size = (field: DiscordField): number => field.name.length + field.value.length;
  const total = fields.reduce((sum, field) => sum + size(field), 0);
  if (fields.length <= mostFields && total <= room) return fields;
  const more = (left: number): DiscordField => ({ name: '…', value: `and ${left} more`, inline: false });
  const kept: DiscordField[] = [];
  let left = room - size(more(fields.length));
  for (const field of fields.slice(0, mostFields - 1)) {
    left -= size(field);
    if (left < 0) break;
    kept.push(field);
  }
  return [...kept, more(fields.length - kept.length)];
}
