import type { DeploymentRequest, DeploymentState, DeploymentStatus } from '@deploy-actions/kit/github/client';
import { factsOf, type AnnouncedFacts } from './announced-facts.ts';
import { headlineOf, type Announcement } from './announcement.ts';
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
export interface DeploymentRecord extends AnnouncedFacts {
  readonly schema: 'deploy-actions/deployment/1';
}

/** The record of what is announced. Pure. */
export function recordOf(announcement: Announcement): DeploymentRecord {
  return { schema: 'deploy-actions/deployment/1', ...factsOf(announcement) };
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
