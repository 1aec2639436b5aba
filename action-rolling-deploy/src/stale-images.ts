import type { Ledger, Release } from '@deploy-actions/kit/state/release';

/** What {@link chooseStaleImages} decides from. */
export interface ImageUse {
  readonly ledger: Ledger;
  /** How many good releases keep their images, the current one among them. */
  readonly retain: number;
  /** References of what runs now, and of what the release pinned that has just been committed. */
  readonly current: readonly string[];
}

const digestOf = (ref: string): string => /@(sha\d+:[0-9a-f]+)$/.exec(ref)?.[1] ?? '';

/**
 * Images by digest that this project has deployed once and that no rollback may ask for any more: not of the last
 * `retain` good releases, not of release 0, not of what runs. References without a digest are nobody's to remove. Pure.
 */
export function chooseStaleImages({ ledger, retain, current }: ImageUse): readonly string[] {
  const good = ledger.releases.filter((release) => release.result === 'ok' && release.gateFailed !== true);
  // The release that was committed just now is one of them and not in this ledger yet.
  const kept = [
    ...good.slice(-Math.max(1, retain - 1)),
    ...ledger.releases.filter(({ isAdopted }) => isAdopted === true),
  ];
  const keptDigests = new Set([...kept.flatMap(refsOf), ...current].map(digestOf));
  const known = new Set(ledger.releases.flatMap(refsOf));
  return [...known].filter((ref) => digestOf(ref) !== '' && !keptDigests.has(digestOf(ref)));
}

function refsOf(release: Release): readonly string[] {
  // Where two versions ran at once, both are recorded.
  return [...release.pins.map(({ ref }) => ref), ...Object.values(release.digests).flatMap((ref) => ref.split(' + '))];
}
