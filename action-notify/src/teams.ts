import { headlineOf, imagesTitle, listFacts, type Announcement, type Fact } from './announcement.ts';
import { describeChange } from './image-change.ts';
import type { Mention } from './mentions.ts';
import { fit } from './plain-text.ts';
import type { Status } from './status.ts';

/** Teams takes about 28 KB for a whole message. */
const bytesLimit = 25_000;
const textLimit = 1000;

/** A piece of text that is shown as it is: Markdown is read in TextBlock, and not here. */
interface TextRun {
  readonly type: 'TextRun';
  readonly text: string;
  readonly weight?: 'Bolder';
  readonly selectAction?: { readonly type: 'Action.OpenUrl'; readonly url: string };
}

type CardElement =
  | {
      readonly type: 'RichTextBlock';
      readonly inlines: readonly TextRun[];
    }
  | {
      readonly type: 'Container';
      readonly style: 'good' | 'attention' | 'warning' | 'emphasis' | 'accent';
      readonly bleed: true;
      readonly items: readonly CardElement[];
    }
  | { readonly type: 'TextBlock'; readonly text: string; readonly wrap: true };

interface TeamsEntity {
  readonly type: 'mention';
  readonly text: string;
  readonly mentioned: { readonly id: string; readonly name: string };
}

export interface AdaptiveCard {
  readonly type: 'AdaptiveCard';
  readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json';
  readonly version: '1.4';
  /** What is spoken and shown where the card is not. */
  readonly fallbackText: string;
  readonly body: readonly CardElement[];
  readonly actions: readonly { readonly type: 'Action.OpenUrl'; readonly title: string; readonly url: string }[];
  readonly msteams: { readonly width: 'Full'; readonly entities: readonly TeamsEntity[] };
}

/** The body that a Teams workflow ("when a webhook request is received") posts as a card. */
export interface TeamsMessage {
  readonly type: 'message';
  readonly attachments: readonly [
    {
      readonly contentType: 'application/vnd.microsoft.card.adaptive';
      readonly contentUrl: null;
      readonly content: AdaptiveCard;
    },
  ];
}

const styles = {
  success: 'good',
  failure: 'attention',
  cancelled: 'emphasis',
  rolled_back: 'warning',
  started: 'accent',
  skipped: 'emphasis',
} as const satisfies Record<Status, string>;

/** Renders a message for Microsoft Teams. Foreign text stands in text runs only, where nothing is markup. */
export function renderTeams(announcement: Announcement): TeamsMessage {
  const { status, runUrl, url } = announcement;
  const title = fit(headlineOf(announcement), 300);
  const mentions = announcement.mentions.teams.slice(0, 20);
  const content: AdaptiveCard = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.4',
    fallbackText: title,
    body: [
      {
        type: 'Container',
        style: styles[status],
        bleed: true,
        items: [richText([{ type: 'TextRun', text: title, weight: 'Bolder' }])],
      },
      ...(mentions.length === 0 ? [] : [{ type: 'TextBlock', text: mentionTeams(mentions), wrap: true } as const]),
      ...fitElements([...listFacts(announcement).map(renderFact), ...renderImages(announcement)]),
    ],
    actions: [...openUrl('Workflow run', runUrl), ...openUrl('Open the app', url)],
    msteams: { width: 'Full', entities: mentions.map(renderEntity) },
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

/** `<at>` alerts only who is among the entities, under the same text. */
function mentionTeams(mentions: readonly Mention[]): string {
  return mentions.map(({ id }) => `<at>${id}</at>`).join(' ');
}

function renderEntity({ id }: Mention): TeamsEntity {
  return { type: 'mention', text: `<at>${id}</at>`, mentioned: { id, name: id } };
}

function richText(inlines: readonly TextRun[]): CardElement {
  return { type: 'RichTextBlock', inlines };
}

function renderFact({ name, value, url }: Fact): CardElement {
  const run = { type: 'TextRun', text: fit(value, textLimit) } as const;
  const isLink = url !== undefined && url.length <= textLimit;
  return richText([
    { type: 'TextRun', text: `${fit(name, 200)}: `, weight: 'Bolder' },
    isLink ? { ...run, selectAction: { type: 'Action.OpenUrl', url } } : run,
  ]);
}

function renderImages({ images, status }: Announcement): readonly CardElement[] {
  if (images.length === 0) return [];
  const lines = images.map((image) => {
    const change = describeChange(image).map((part) => fit(part, 300));
    return richText([{ type: 'TextRun', text: `• ${fit(image.name, 200)}: ${change.join(' ')}` }]);
  });
  return [richText([{ type: 'TextRun', text: imagesTitle(status), weight: 'Bolder' }]), ...lines];
}

/** The first elements that fit; the others are counted in the last one. */
function fitElements(elements: readonly CardElement[]): readonly CardElement[] {
  // What stands around them is bounded: title, mentions, two addresses.
  const room = bytesLimit - 12_000;
  let size = 0;
  const kept = elements.findIndex((element) => (size += Buffer.byteLength(JSON.stringify(element)) + 1) > room);
  if (kept === -1) return elements;
  const more = richText([{ type: 'TextRun', text: `… and ${elements.length - kept} more` }]);
  return [...elements.slice(0, kept), more];
}

function openUrl(title: string, url: string | undefined): AdaptiveCard['actions'] {
  return url === undefined || url.length > 2000 ? [] : [{ type: 'Action.OpenUrl', title, url }];
}
