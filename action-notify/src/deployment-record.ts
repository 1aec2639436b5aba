import type { DeploymentRequest, DeploymentState, DeploymentStatus } from '@deploy-actions/kit/github/client';
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
};

/** The deployment to create: what was deployed, from which digest to which, and whether the database changed. Pure. */
export function deploymentRequest(announcement: Announcement, ref: string, environment: string): DeploymentRequest {
  const { images, migration, outcome, version, deployedBy, approvedBy, runUrl } = announcement;
  return {
    ref,
    environment,
    description: fit(headlineOf(announcement), descriptionLimit),
    payload: {
      schema: 'deploy-actions/deployment/1',
      images: images.map(({ name, from, to }) => ({ name, from: from ?? null, to: to ?? null })),
      migration: migration ?? null,
      outcome: outcome ?? null,
      version: version ?? null,
      deployedBy: deployedBy ?? null,
      approvedBy,
      runUrl: runUrl ?? null,
    },
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
