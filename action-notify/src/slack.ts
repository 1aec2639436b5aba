import type { ContextBlock, HeaderBlock, MrkdwnElement, SectionBlock } from '@slack/types';
import { headlineOf, imagesTitle, listFacts, type Announcement, type Fact } from './announcement.ts';
import { describeChange } from './image-change.ts';
import type { Mention } from './mentions.ts';
import { fit, fitLines } from './plain-text.ts';

// Slack's limits (Block Kit reference): header 150, section text 3000, 10 fields of 2000, 50 blocks.
const headerLimit = 150;
const sectionLimit = 3000;
const fieldLimit = 2000;
const fieldsPerSection = 10;
const mostFieldSections = 40;

export type SlackBlock = HeaderBlock | SectionBlock | ContextBlock;

/** The message, as incoming webhooks and chat.postMessage take it. */
export interface SlackMessage {
  /** What notifications show; blocks are not read there. */
  readonly text: string;
  readonly blocks: SlackBlock[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Renders a message for Slack. No text of it can mention anybody; `mentions` do. */
export function renderSlack(announcement: Announcement): SlackMessage {
  const line = headlineOf(announcement);
  return {
    text: fit(line, sectionLimit, escapeSlack),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: fit(line, headerLimit), emoji: false } },
      ...mentionSection(announcement.mentions.slack),
      ...factSections(listFacts(announcement)),
      ...imageSection(announcement),
      ...context(announcement),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** Slack reads `<…>` as links and mentions, and entities; with these three escaped, text is only text. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** `<@U…> <!subteam^S…>`: the ids have their form, so nothing else can be said with them. */
export function mentionSlack(mentions: readonly Mention[]): string {
  return mentions.map(({ kind, id }) => (kind === 'user' ? `<@${id}>` : `<!subteam^${id}>`)).join(' ');
}

function mentionSection(mentions: readonly Mention[]): SlackBlock[] {
  if (mentions.length === 0) return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: mentionSlack(mentions) } }];
}

function factSections(facts: readonly Fact[]): SlackBlock[] {
  const fields = facts.slice(0, fieldsPerSection * mostFieldSections).map(renderFact);
  const sections: SlackBlock[] = [];
  for (let start = 0; start < fields.length; start += fieldsPerSection) {
    sections.push({ type: 'section', fields: fields.slice(start, start + fieldsPerSection) });
  }
  return sections;
}

function renderFact(fact: Fact): MrkdwnElement {
  const name = fit(fact.name, 200, escapeMarkup);
  const room = fieldLimit - name.length - '**\n'.length;
  const link = fact.url === undefined ? undefined : renderLink(fact.url, fact.value, room);
  return { type: 'mrkdwn', text: `*${name}*\n${link ?? fit(fact.value, room, escapeMarkup)}` };
}

/** Slack's formatting characters only work at word borders; a space of no width in front takes that from them. */
function escapeMarkup(text: string): string {
  return escapeSlack(text).replaceAll(/[*_~`]/g, (mark) => `\u200B${mark}`);
}

/** Undefined when the link would not fit: half a link is none. */
function renderLink(url: string, label: string, room: number): string | undefined {
  // `|` would end the address of the link.
  const address = escapeSlack(url.replaceAll('|', '%7C'));
  const left = room - address.length - '<|>'.length;
  return left < 1 ? undefined : `<${address}|${fit(label.replaceAll('|', '/'), left, escapeSlack)}>`;
}

function imageSection({ images, status }: Announcement): SlackBlock[] {
  if (images.length === 0) return [];
  const lines = images.map((image) => {
    const change = describeChange(image).map((part) => fit(part, 300, escapeMarkup));
    return `• ${fit(image.name, 200, escapeMarkup)}: ${change.join(' ')}`;
  });
  const text = fitLines([`*${imagesTitle(status)}*`, ...lines], sectionLimit);
  return [{ type: 'section', text: { type: 'mrkdwn', text } }];
}

function context({ repository, runUrl, at }: Announcement): SlackBlock[] {
  const run = runUrl === undefined ? undefined : renderLink(runUrl, 'workflow run', 1500);
  const parts = [repository === undefined ? undefined : fit(repository, 300, escapeMarkup), run, at.toISOString()];
  return [
    { type: 'context', elements: [{ type: 'mrkdwn', text: parts.filter((part) => part !== undefined).join(' · ') }] },
  ];
}
