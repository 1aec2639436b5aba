import { badInput } from '@deploy-actions/kit/action/inputs';
import { previousRelease, type Ledger, type RecordedMigration, type Release } from '@deploy-actions/kit/state/release';
import { RolloutError } from './errors.ts';
import { describeResult } from './server-status.ts';

/**
 * The records of what a rollback leaves, marked: they are no rollback target later. A rollback among them stands for the
 * release it had brought back. Pure.
 */
export function rejectedReleases({ releases, current }: Ledger): readonly Release[] {
  if (current === undefined) return [];
  return releases
    .filter(
      ({ number, gateFailed }) => (number === current.number || number === current.restores) && gateFailed !== true,
    )
    .map((record) => ({ ...record, gateFailed: true }));
}

/** What the input `to` names. */
export type RollbackTo =
  | { readonly kind: 'previous' }
  | { readonly kind: 'release'; readonly number: number }
  /** At least 7 hex digits of the commit that was deployed, or of an image's revision label. */
  | { readonly kind: 'commit'; readonly sha: string }
  /** `sha256:` and at least 12 hex digits of an image that a release ran. */
  | { readonly kind: 'digest'; readonly digest: string }
  /** An image's version label: `v1.16.0`. */
  | { readonly kind: 'version'; readonly version: string };

/**
 * Reads `to`. Digits alone are a release number up to six of them, and a commit from seven on.
 * @throws ConfigurationError
 */
export function parseRollbackTo(text: string): RollbackTo {
  if (text === 'previous') return { kind: 'previous' };
  if (/^\d{1,6}$/.test(text)) return { kind: 'release', number: Number(text) };
  const sha = /^(?:sha-)?([0-9a-f]{7,64})$/.exec(text)?.[1];
  if (sha !== undefined) return { kind: 'commit', sha };
  if (/^sha256:[0-9a-f]{12,64}$/.test(text)) return { kind: 'digest', digest: text };
  if (/^v?\d+(\.\d+)+([-+.][\w.+-]*)?$/.test(text)) return { kind: 'version', version: text };
  throw badInput(
    'to',
    text,
    '`previous`, a release number, 7 or more hex digits of a commit, a version such as v1.16.0, or sha256:…',
  );
}

/** Where an explicit rollback goes, and from where. */
export interface RollbackTarget {
  readonly from: Release;
  readonly to: Release;
  /** Whose irreversible migration is crossed, by `force`: `release 5`. */
  readonly crossed: string | undefined;
}

export type RollbackDecision =
  | ({ readonly kind: 'go' } & RollbackTarget)
  /** `from-release` is not current any more: the deploy has rolled itself back, or another one came after it. */
  | { readonly kind: 'not-current'; readonly current: Release }
  /** What is asked for serves. */
  | { readonly kind: 'serves-already'; readonly current: Release };

export interface RollbackWish {
  readonly to: RollbackTo;
  readonly fromRelease: number | undefined;
  readonly isForced: boolean;
  /** A migration that no release stands for yet: it ran after the last rollout, or that rollout failed. */
  readonly pending?: RecordedMigration | undefined;
}

/**
 * The release an explicit rollback goes to (I5 of docs/architecture.md): the last good one that fits. Pure.
 * @throws RolloutError NO_RELEASE
 */
export function findRollbackTarget(ledger: Ledger, wish: RollbackWish): RollbackDecision {
  const { current } = ledger;
  if (current === undefined) throw noRelease('no release is recorded on the server', ledger);
  if (wish.fromRelease !== undefined && current.number !== wish.fromRelease) return { kind: 'not-current', current };
  if (fits(current, wish.to)) return { kind: 'serves-already', current };
  const to = chooseTarget(ledger, current, wish.to);
  const crossed = findCrossed(ledger, to, current, wish.pending);
  if (crossed !== undefined && !wish.isForced)
    throw new RolloutError({
      code: 'NO_RELEASE',
      message: `${crossed} applied a migration that is recorded as irreversible; release ${to.number} does not know its schema. Nothing was changed.`,
      hint: 'Deploy a fixed version forward instead, or restore the backup first and give `force: true`.',
    });
  return { kind: 'go', from: current, to, crossed };
}

function findCrossed(
  { releases }: Ledger,
  to: Release,
  current: Release,
  pending: RecordedMigration | undefined,
): string | undefined {
  const release = releases.find(
    ({ number, migration }) => number > to.number && number <= current.number && migration?.reversible === false,
  );
  if (release !== undefined) return `release ${release.number}`;
  const isPending = pending?.applied === true && !pending.reversible && to.number < current.number;
  return isPending ? `a run since release ${current.number}` : undefined;
}

/** Whether a release is what `to` names; `previous` never is the release itself. */
function fits(release: Release, to: RollbackTo): boolean {
  const labels = Object.values(release.imageLabels ?? {});
  switch (to.kind) {
    case 'previous':
      return false;
    case 'release':
      return release.number === to.number || release.restores === to.number;
    case 'commit':
      return [release.commit, ...labels.map(({ revision = '' }) => revision)].some((sha) => sha.startsWith(to.sha));
    case 'version':
      return labels.some(({ version }) => version === to.version);
    case 'digest':
      return [...release.pins.map(({ ref }) => ref), ...Object.values(release.digests)].some((ref) =>
        ref.includes(`@${to.digest}`),
      );
  }
}

function chooseTarget(ledger: Ledger, current: Release, to: RollbackTo): Release {
  if (to.kind === 'previous') {
    const found = previousRelease(ledger);
    if (found !== undefined) return found;
    throw noRelease(`no good release is older than ${current.restores ?? current.number}`, ledger);
  }
  if (to.kind === 'release') {
    const found = ledger.releases.find(({ number }) => number === to.number);
    if (found === undefined) throw noRelease(`input \`to\`: release ${to.number} does not exist`, ledger);
    if (found.result === 'ok') return found;
    throw noRelease(`input \`to\`: release ${found.number} did not succeed (${found.result})`, ledger);
  }
  const matching = ledger.releases.filter((release) => release.number < current.number && fits(release, to));
  const found = matching.findLast((release) => release.result === 'ok' && release.gateFailed !== true);
  if (found !== undefined) return found;
  const last = matching.at(-1);
  const name = JSON.stringify(describeWish(to));
  throw noRelease(
    last === undefined
      ? `input \`to\`: no release on the server ran ${name}`
      : `input \`to\`: no good release ran ${name}; the last one that did is ${last.number} (${describeResult(last)})`,
    ledger,
  );
}

function describeWish(to: Exclude<RollbackTo, { kind: 'previous' | 'release' }>): string {
  if (to.kind === 'commit') return to.sha;
  return to.kind === 'digest' ? to.digest : to.version;
}

function noRelease(reason: string, ledger: Ledger): RolloutError {
  const known = ledger.releases.map(
    (release) =>
      `${release.number} (${[describeResult(release), ...(release.isAdopted === true ? ['adopted'] : []), release.commit.slice(0, 7)].filter(Boolean).join(', ')})`,
  );
  return new RolloutError({
    code: 'NO_RELEASE',
    message: `nothing to roll back to: ${reason}. Nothing was changed.`,
    hint: known.length === 0 ? 'Deploy once first.' : `Releases on the server: ${known.slice(-10).join(', ')}.`,
  });
}
