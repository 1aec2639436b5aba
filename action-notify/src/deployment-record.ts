import type { DeploymentRequest, DeploymentState, DeploymentStatus } from '@deploy-actions/kit/github/client';
import { headlineOf, type Announcement } from './announcement.ts';
import type { FailedCheck } from './failed-check.ts';
import { fit } from './plain-text.ts';
import type { Status } from './status.ts';

/** GitHub's limit for the description of a deployment and of its status. */
const descriptionLimit = 140;

const states: Readonly<Record<Status, DeploymentState>> = {
  success: 'success',
  failure: 'failure',
  rolled_back: 'failure',
  cancelled: 'error',
  started: 'in_progress',
  skipped: 'inactive',
};

/** What is kept of a deployment: the output `record`, a line on the server, the payload of a GitHub deployment. No secrets. */
export interface DeploymentRecord {
  readonly schema: 'deploy-actions/deployment/1';
  readonly status: Status;
  readonly title: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly commit: string | null;
  /** Number of the release that is current on the server, as rolling-deploy told it. */
  readonly release: string | null;
  readonly message: string | null;
  readonly images: readonly { readonly name: string; readonly from: string | null; readonly to: string | null }[];
  readonly changedServices: readonly string[];
  readonly outcome: string | null;
  /** Checks of the health gate that were red. */
  readonly failedChecks: readonly FailedCheck[];
  readonly migration: string | null;
  readonly backup: string | null;
  readonly durationMs: number | null;
  readonly deployedBy: string | null;
  readonly approvedBy: readonly string[];
  readonly repository: string | null;
  readonly runUrl: string | null;
  /** The input `fields`, such as the reason somebody gave. */
  readonly fields: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The record of what is announced. Pure. */
export function recordOf(announcement: Announcement): DeploymentRecord {
  const { status, title, images, approvedBy, changedServices, failedChecks } = announcement;
  return {
    schema: 'deploy-actions/deployment/1',
    status,
    title,
    environment: announcement.environment ?? null,
    version: announcement.version ?? null,
    commit: announcement.commit?.sha ?? null,
    release: announcement.release ?? null,
    message: announcement.message ?? null,
    images: images.map(({ name, from, to }) => ({ name, from: from ?? null, to: to ?? null })),
    changedServices,
    outcome: announcement.outcome ?? null,
    failedChecks,
    migration: announcement.migration ?? null,
    backup: announcement.backup ?? null,
    durationMs: announcement.durationMs ?? null,
    deployedBy: announcement.deployedBy ?? null,
    approvedBy,
    repository: announcement.repository ?? null,
    runUrl: announcement.runUrl ?? null,
    fields: Object.fromEntries(announcement.fields.map(({ name, value }) => [name, value])),
    at: announcement.at.toISOString(),
  };
}

/** The deployment to create: what was deployed, from which digest to which, and whether the database changed. Pure. */
export function deploymentRequest(announcement: Announcement, ref: string, environment: string): DeploymentRequest {
  return {
    ref,
    environment,
    description: fit(headlineOf(announcement), descriptionLimit),
    payload: { ...recordOf(announcement) },
  };
}

export function deploymentStatus(announcement: Announcement): DeploymentStatus {
  const { status, url, runUrl } = announcement;
  return {
    state: states[status],
    description: fit(headlineOf(announcement), descriptionLimit),
    ...(url === undefined ? {} : { environmentUrl: url }),
    ...(runUrl === undefined ? {} : { logUrl: runUrl }),
  };
}
