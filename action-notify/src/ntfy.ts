import { headlineOf, imagesTitle, listFacts, type Announcement } from './announcement.ts';
import { describeChange } from './image-change.ts';
import { fit, fitLines } from './plain-text.ts';

/** ntfy takes 4096 bytes and makes an attachment of what is longer; a UTF-16 unit has at most 3 bytes in UTF-8. */
const messageLimit = 1300;
const titleLimit = 80;
const lineLimit = 300;

/** The body of ntfy's publishing as JSON, without the topic. */
export interface NtfyMessage {
  readonly title: string;
  readonly message: string;
  /** 3 is the default, 4 rings louder. */
  readonly priority: 3 | 4;
  readonly click?: string;
  readonly actions: readonly { readonly action: 'view'; readonly label: string; readonly url: string }[];
}

/** Renders a message for ntfy: plain text, in which nothing is markup and nobody can be mentioned. */
export function renderNtfy(announcement: Announcement): NtfyMessage {
  const { status, runUrl, url, images } = announcement;
  const lines = [
    ...listFacts(announcement).map(({ name, value }) => fit(`${name}: ${value}`, lineLimit)),
    ...(images.length === 0 ? [] : [imagesTitle(status)]),
    ...images.map((image) => fit(`• ${image.name}: ${describeChange(image).join(' ')}`, lineLimit)),
  ];
  const text = fitLines(lines, messageLimit);
  return {
    title: fit(headlineOf(announcement), titleLimit),
    // ntfy shows "triggered" for an empty one.
    message: text === '' ? fit(headlineOf(announcement), lineLimit) : text,
    priority: status === 'failure' || status === 'rolled_back' ? 4 : 3,
    ...(isShort(runUrl) ? { click: runUrl } : {}),
    actions: isShort(url) ? [{ action: 'view', label: 'Open the app', url }] : [],
  };
}

function isShort(url: string | undefined): url is string {
  return url !== undefined && url.length <= 1000;
}
