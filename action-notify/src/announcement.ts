import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { FailedCheck } from './failed-check.ts';
import type { ImageChange } from './image-change.ts';
import type { Mentions } from './mentions.ts';
import { headline, type Status } from './status.ts';

/** What happened, told once and rendered for each service. All texts are single lines of plain text. */
export interface Announcement {
  readonly status: Status;
  readonly title: string;
  readonly environment: string | undefined;
  readonly version: string | undefined;
  readonly commit: { readonly sha: string; readonly url: string | undefined } | undefined;
  /** Number of the release on the server. */
  readonly release: string | undefined;
  /** Words of a person, in one line. */
  readonly message: string | undefined;
  /** Where the app answers. */
  readonly url: string | undefined;
  /** rolling-deploy's word for what it did. */
  readonly outcome: string | undefined;
  readonly failedChecks: readonly FailedCheck[];
  readonly migration: string | undefined;
  /** Where the backup of the database is. */
  readonly backup: string | undefined;
  readonly changedServices: readonly string[];
  readonly durationMs: number | undefined;
  readonly images: readonly ImageChange[];
  /** GitHub logins. */
  readonly deployedBy: string | undefined;
  readonly approvedBy: readonly string[];
  readonly repository: string | undefined;
  readonly runUrl: string | undefined;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly mentions: Mentions;
  readonly at: Date;
}

/** One line of a message: a name, a value, and perhaps where the value leads. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly url?: string;
}

export function headlineOf(announcement: Announcement): string {
  return headline(announcement.status, announcement.title, announcement.environment);
}

/** Everything but the images, in the order in which people ask for it. What is not known is left out. */
export function listFacts(announcement: Announcement): readonly Fact[] {
  const { environment, version, commit, url, outcome, migration, backup, durationMs } = announcement;
  const { changedServices, deployedBy, approvedBy, failedChecks, message, release } = announcement;
  const facts: readonly (Fact | undefined)[] = [
    fact('Message', message),
    fact('Environment', environment),
    fact('Version', version),
    fact('Commit', commit?.url === undefined ? commit?.sha : commit.sha.slice(0, 12), commit?.url),
    fact('Release', release),
    fact('Outcome', outcome),
    fact('Failed checks', failedChecks.map(({ name, reason }) => `${name}: ${reason}`).join('; ')),
    fact('Changed services', changedServices.join(', ')),
    fact('Migration', migration),
    fact('Backup', backup),
    fact('Duration', durationMs === undefined ? undefined : formatDuration(durationMs)),
    fact('Deployed by', deployedBy),
    fact('Approved by', approvedBy.join(', ')),
    fact('URL', url, url),
    ...announcement.fields.map(({ name, value }) => fact(name, value)),
  ];
  return facts.filter((entry) => entry !== undefined);
}

function fact(name: string, value: string | undefined, url?: string): Fact | undefined {
  if (value === undefined || value === '') return undefined;
  return { name, value, ...(url === undefined ? {} : { url }) };
}

/** Images are attempted, not deployed, where the deployment did not end well. */
export function imagesTitle(status: Status): string {
  return status === 'success' || status === 'rolled_back' ? 'Images' : 'Images (as far as known)';
}
