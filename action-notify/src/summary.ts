import { cell, code, table } from '@deploy-actions/kit/action/markdown';
import { headlineOf, imagesTitle, listFacts, type Announcement } from './announcement.ts';
import type { Delivery } from './delivery.ts';
import { shortImage, type ImageChange } from './image-change.ts';

/** The job summary: what happened, from → to, and who was told. */
export function renderSummary(announcement: Announcement, deliveries: readonly Delivery[]): string {
  const parts = [
    `### ${cell(headlineOf(announcement))}\n`,
    table(
      ['', ''],
      listFacts(announcement).map(({ name, value, url }) => [cell(name), renderValue(value, url)]),
    ),
    renderImages(announcement),
    renderDeliveries(deliveries),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

function renderValue(value: string, url: string | undefined): string {
  if (url === undefined || value === url) return cell(value);
  return `[${cell(value)}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}

function renderImages({ images, status }: Announcement): string {
  if (images.length === 0) return '';
  return table([imagesTitle(status), 'From', 'To'], images.map(imageRow));
}

function imageRow({ name, from, to }: ImageChange): readonly string[] {
  const show = (reference: string | undefined): string => (reference === undefined ? '' : code(shortImage(reference)));
  return [cell(name), show(from), from === to ? 'unchanged' : show(to)];
}

function renderDeliveries(deliveries: readonly Delivery[]): string {
  const told = deliveries.filter(({ result, detail }) => result !== 'skipped' || detail !== undefined);
  if (told.length === 0) return '';
  const rows = told.map(({ provider, result, detail }) => [cell(provider), result, cell(detail ?? '')]);
  return table(['Told', 'Result', ''], rows);
}
