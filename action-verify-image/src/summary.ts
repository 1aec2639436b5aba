import { cell, code, table } from '@deploy-actions/kit/action/markdown';
import { shortDigest } from '@deploy-actions/kit/image/image-ref';

import { formatPlatform } from './registry/platform.ts';
import type { Outcome, VerifiedImage, VerifiedPlatform } from './verified-image.ts';

const nothing = '–';

/** The job summary: one row per image and platform, then what failed. */
export function renderSummary(outcomes: readonly Outcome[]): string {
  const verified = outcomes.filter((outcome) => outcome.kind === 'verified');
  const failed = outcomes.filter((outcome) => outcome.kind !== 'verified');
  const title = failed.length === 0 ? 'Images verified' : `Images: ${failed.length} of ${outcomes.length} not verified`;
  const isSigned = verified.some(({ image }) => image.signer !== undefined);
  const rows = verified.flatMap(({ image }) =>
    image.platforms.map((platform) => [
      ...renderRow(image, platform),
      ...(isSigned ? [cell(image.signer ?? nothing)] : []),
    ]),
  );
  const header = ['Image', 'Tag', 'Digest', 'Platform', 'Commit', 'Size', 'Built', ...(isSigned ? ['Signed by'] : [])];
  const good = rows.length === 0 ? '' : `${table(header, rows)}\n`;
  const bad = failed.map(({ request, error }) => [
    cell(nameOf(request)),
    code(request.ref.text),
    code(error.code),
    cell(error.message),
  ]);
  return `### ${title}\n\n${good}${bad.length === 0 ? '' : `${table(['Image', 'Reference', 'Error', 'Observed'], bad)}\n`}`;
}

function renderRow({ request, digest }: VerifiedImage, platform: VerifiedPlatform): readonly string[] {
  const { ref } = request;
  return [
    cell(nameOf(request)),
    ref.tag === undefined ? nothing : code(ref.tag),
    code(digest),
    cell(formatPlatform(platform.platform)),
    platform.revision === undefined ? nothing : code(platform.revision.slice(0, 12)),
    formatSize(platform.sizeBytes),
    platform.created === undefined ? nothing : cell(platform.created.slice(0, 19).replace('T', ' ')),
  ];
}

function nameOf({ target, ref }: Outcome['request']): string {
  return target?.name ?? ref.repository;
}

/** `12.3 MB`, as registries and `docker images` count: powers of ten. */
export function formatSize(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`;
  return bytes < 1_000_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** The log's line for an image: what it is, and what was proved of it. */
export function describeImage({ request, digest, platforms, signer }: VerifiedImage): string {
  const [first] = platforms;
  const name = request.target === undefined ? '' : `${request.target.name}: `;
  const systems = platforms.map(({ platform }) => formatPlatform(platform)).join(', ');
  const signed = signer === undefined ? '' : `, signed by ${signer}`;
  const commit = first?.revision === undefined ? 'no commit label' : `commit ${first.revision.slice(0, 12)}`;
  return `${name}${request.ref.text} is ${shortDigest(digest)} (${systems}, ${commit}, ${formatSize(first?.sizeBytes ?? 0)})${signed}`;
}
