import type { Announcement } from './announcement.ts';
import type { FailedCheck } from './failed-check.ts';
import type { Status } from './status.ts';

/** What machines are told of a deployment, by the generic webhook and by the record. What is not known is null. No secrets. */
export interface AnnouncedFacts {
  readonly status: Status;
  readonly title: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly commit: string | null;
  /** Number of the release that is current on the server, as rolling-deploy told it. */
  readonly release: string | null;
  readonly message: string | null;
  readonly url: string | null;
  readonly outcome: string | null;
  /** Checks of the health gate that were red. */
  readonly failedChecks: readonly FailedCheck[];
  readonly migration: string | null;
  readonly backup: string | null;
  readonly changedServices: readonly string[];
  readonly durationMs: number | null;
  readonly images: readonly { readonly name: string; readonly from: string | null; readonly to: string | null }[];
  readonly deployedBy: string | null;
  readonly approvedBy: readonly string[];
  readonly repository: string | null;
  readonly runUrl: string | null;
  /** The input `fields`, such as the reason somebody gave. */
  readonly fields: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The facts of what is announced. Pure. */
export function factsOf(announcement: Announcement): AnnouncedFacts {
  return {
    status: announcement.status,
    title: announcement.title,
    environment: announcement.environment ?? null,
    version: announcement.version ?? null,
    commit: announcement.commit?.sha ?? null,
    release: announcement.release ?? null,
    message: announcement.message ?? null,
    url: announcement.url ?? null,
    outcome: announcement.outcome ?? null,
    failedChecks: announcement.failedChecks,
    migration: announcement.migration ?? null,
    backup: announcement.backup ?? null,
    changedServices: announcement.changedServices,
    durationMs: announcement.durationMs ?? null,
    images: announcement.images.map(({ name, from, to }) => ({ name, from: from ?? null, to: to ?? null })),
    deployedBy: announcement.deployedBy ?? null,
    approvedBy: announcement.approvedBy,
    repository: announcement.repository ?? null,
    runUrl: announcement.runUrl ?? null,
    fields: Object.fromEntries(announcement.fields.map(({ name, value }) => [name, value])),
    at: announcement.at.toISOString(),
  };
}
