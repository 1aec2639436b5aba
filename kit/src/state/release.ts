import type { DeployPath } from './deploy-path.ts';
import { statePath } from './deploy-path.ts';
import { runBatch, type BatchPart } from '../host/batch.ts';
import { scriptOrThrow, type Host } from '../host/host.ts';

/** One image pin as it is recorded: `service` or environment variable → immutable reference. */
export interface RecordedPin {
  readonly kind: 'service' | 'env';
  readonly name: string;
  /** `repository@sha256:…` */
  readonly ref: string;
}

/** A finding of the SQL review: its rule and object, and why it was accepted. */
export interface RecordedAcknowledgement {
  readonly rule: string;
  readonly object: string;
  readonly reason: string;
}

/** What action-migrate did for a release, as `.deploy/migration.json` tells it to the rollout. */
export interface RecordedMigration {
  readonly applied: boolean;
  readonly reversible: boolean;
  /** On the server: made before the first command since the release before. */
  readonly backupPath?: string;
  readonly backupSha256?: string;
  /** The commands or SQL files, as the user named them, in their order. */
  readonly ran?: readonly string[];
  /** The image that they ran in. */
  readonly image?: string;
  /** Findings of the SQL review that somebody accepted. */
  readonly acknowledged?: readonly RecordedAcknowledgement[];
}

/**
 * The part of a migration's record that a release keeps; undefined where no migration ran.
 * @throws SyntaxError for a text that is no JSON
 */
export function parseMigration(text: string): RecordedMigration | undefined {
  if (text.trim() === '') return undefined;
  const record = JSON.parse(text) as Partial<RecordedMigration>;
  const { backupPath, backupSha256, ran, image, acknowledged } = record;
  return {
    applied: record.applied === true,
    reversible: record.reversible !== false,
    ...(typeof backupPath === 'string' ? { backupPath } : {}),
    ...(typeof backupSha256 === 'string' ? { backupSha256 } : {}),
    ...(Array.isArray(ran) ? { ran: ran.map(String) } : {}),
    ...(typeof image === 'string' ? { image } : {}),
    ...(Array.isArray(acknowledged) ? { acknowledged: acknowledged as readonly RecordedAcknowledgement[] } : {}),
  };
}

/** One finished deploy: what `.deploy/releases/<n>.json` holds. */
export interface Release {
  readonly number: number;
  readonly result: 'ok' | 'rolled_back' | 'failed';
  /** Set later by a red health gate; such a release is never a rollback target (I5 of docs/architecture.md). */
  readonly gateFailed?: boolean;
  readonly pins: readonly RecordedPin[];
  /** Service → image reference that its containers run after this deploy. */
  readonly digests: Readonly<Record<string, string>>;
  /** The synced tree that went live with it, if one did. */
  readonly filesRelease?: string;
  /** The commit of the run that deployed it; of a rollback, that of the release it restores. */
  readonly commit: string;
  readonly runUrl: string;
  readonly actor: string;
  /** `owner/name/.github/workflows/deploy.yml`: run numbers are comparable within one workflow only. */
  readonly workflow?: string;
  /** GITHUB_RUN_NUMBER. */
  readonly runNumber?: number;
  /** Service → OCI labels of the image it runs, where it has them. */
  readonly imageLabels?: Readonly<Record<string, { readonly revision?: string; readonly version?: string }>>;
  /** A rollback: number of the release whose pins and files it brought back. */
  readonly restores?: number;
  /** Release 0: what ran before these actions deployed for the first time. */
  readonly isAdopted?: boolean;
  /** Release 0: the pins without which the files of that time did not resolve to what ran (a tag that had moved). */
  readonly restorePins?: readonly RecordedPin[];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly migration?: RecordedMigration;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The ledger: every recorded release, ascending, and which one is current (the last whose result is ok). */
export interface Ledger {
  readonly releases: readonly Release[];
  readonly current: Release | undefined;
}

const readScript = `
cd "$1/.deploy" 2>/dev/null || exit 0
for f in releases/*.json; do [ -e "$f" ] || continue; cat "$f"; done
printf 'current %s\\n' "$(readlink current 2>/dev/null || true)"`;

/** $1 deploy path, $2 number, $3 "current" to move the pointer; stdin: the record. Renames, so a reader sees old or new. */
const writeScript = `
set -eu
cd "$1/.deploy"
cat > "releases/.$2.new"; sync "releases/.$2.new" 2>/dev/null || sync
mv -f "releases/.$2.new" "releases/$2.json"
if [ "$3" = current ]; then ln -s "releases/$2.json" current.new 2>/dev/null || { rm -f current.new; ln -s "releases/$2.json" current.new; }; mv -fT current.new current 2>/dev/null || { rm -f current; mv current.new current; }; fi`;

/** Reads the ledger; an absent one is empty. */
export async function readLedger(host: Host, deployPath: DeployPath): Promise<Ledger> {
  const result = await scriptOrThrow(host, 'read the release ledger', readScript, [deployPath]);
  return parseLedger(result.stdout);
}

/** {@link readLedger} as a part; {@link parseLedger} reads its output. */
export function readLedgerPart(deployPath: DeployPath): BatchPart {
  return { purpose: 'read the release ledger', source: readScript, args: [deployPath] };
}

/** Pure part of {@link readLedger}: one JSON record a line, then `current releases/<n>.json`. */
export function parseLedger(text: string): Ledger {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  // Records are written by writeRelease only, one line each.
  const releases = lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Release)
    .sort((a, b) => a.number - b.number);
  const pointer = /^current releases\/(\d+)\.json$/m.exec(text)?.[1];
  return { releases, current: releases.find((release) => String(release.number) === pointer) };
}

/** The number the next deploy records itself under. */
export function nextReleaseNumber(ledger: Ledger): number {
  return Math.max(0, ...ledger.releases.map((release) => release.number)) + 1;
}

/**
 * The newest release OLDER than current whose result is ok and that no gate marked (I5 of docs/architecture.md). A
 * rollback counts as the release it brought back: going back once more must not end at the same version.
 */
export function previousRelease(ledger: Ledger): Release | undefined {
  const { current } = ledger;
  if (current === undefined) return undefined;
  const from = current.restores ?? current.number;
  return ledger.releases.filter((r) => r.number < from && r.result === 'ok' && r.gateFailed !== true).at(-1);
}

/** Writes one record; with `isCurrent` the pointer moves to it. Rewriting a number replaces its record whole. */
export async function writeRelease(
  host: Host,
  deployPath: DeployPath,
  release: Release,
  isCurrent: boolean,
): Promise<void> {
  await runBatch(host, [writeReleasePart(deployPath, release, isCurrent)]);
}

/** {@link writeRelease} as a part. */
export function writeReleasePart(deployPath: DeployPath, release: Release, isCurrent: boolean): BatchPart {
  return {
    purpose: 'write the release record',
    source: writeScript,
    args: [deployPath, String(release.number), isCurrent ? 'current' : '-'],
    stdin: `${JSON.stringify(release)}\n`,
  };
}

/**
 * $1 file; stdin: the line. A log of 1 MiB becomes `audit.1.jsonl`; the one before that goes. Of two writers that both find
 * it full, one would put the other's new log over the old one: what is taken away is looked at again, and a young log's
 * lines go back.
 */
const auditScript = `
size=$(wc -c 2>/dev/null < "$1") || size=0
if [ "$size" -ge 1048576 ] && mv "$1" "$1.$$" 2>/dev/null; then
  if [ "$(wc -c < "$1.$$")" -ge 1048576 ]; then mv -f "$1.$$" "\${1%.jsonl}.1.jsonl"
  else cat "$1.$$" >> "$1" && rm -f "$1.$$"; fi
fi
cat >> "$1"`;

/** One line for `.deploy/audit.jsonl`: who changed what. */
export async function appendAudit(
  host: Host,
  deployPath: DeployPath,
  line: Readonly<Record<string, unknown>>,
): Promise<void> {
  await runBatch(host, [auditPart(deployPath, line)]);
}

/** {@link appendAudit} as a part. */
export function auditPart(deployPath: DeployPath, line: Readonly<Record<string, unknown>>): BatchPart {
  return {
    purpose: 'append to the audit log',
    source: auditScript,
    args: [statePath(deployPath, 'audit.jsonl')],
    stdin: `${JSON.stringify(line)}\n`,
  };
}
