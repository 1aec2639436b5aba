import { createHmac } from 'node:crypto';
import { headlineOf, type Announcement } from './announcement.ts';
import type { FailedCheck } from './failed-check.ts';

/** The body of the generic webhook. Keys are only ever added; another meaning gets another `schema`. */
export interface WebhookMessage {
  readonly schema: 'deploy-actions/notification/1';
  readonly status: Announcement['status'];
  readonly headline: string;
  readonly title: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly commit: string | null;
  readonly release: string | null;
  readonly message: string | null;
  readonly url: string | null;
  readonly outcome: string | null;
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
  readonly fields: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** Renders a message for any receiver of JSON. */
export function renderWebhook(announcement: Announcement): WebhookMessage {
  const { status, title, environment, version, commit, url, outcome, migration, deployedBy } = announcement;
  return {
    schema: 'deploy-actions/notification/1',
    status,
    headline: headlineOf(announcement),
    title,
    environment: environment ?? null,
    version: version ?? null,
    commit: commit?.sha ?? null,
    release: announcement.release ?? null,
    message: announcement.message ?? null,
    url: url ?? null,
    outcome: outcome ?? null,
    failedChecks: announcement.failedChecks,
    migration: migration ?? null,
    backup: announcement.backup ?? null,
    changedServices: announcement.changedServices,
    durationMs: announcement.durationMs ?? null,
    images: announcement.images.map(({ name, from, to }) => ({ name, from: from ?? null, to: to ?? null })),
    deployedBy: deployedBy ?? null,
    approvedBy: announcement.approvedBy,
    repository: announcement.repository ?? null,
    runUrl: announcement.runUrl ?? null,
    fields: Object.fromEntries(announcement.fields.map(({ name, value }) => [name, value])),
    at: announcement.at.toISOString(),
  };
}

/** The header that proves who sent a body: `sha256=` and the HMAC-SHA256 of its bytes in hexadecimal. */
export function signBody(body: string, secret: string): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', secret).update(body, 'utf8').digest('hex');
  return { 'x-deploy-signature-256': `sha256=${signature}` };
}
