import type { ServerFacts } from '@deploy-actions/kit/plan/server-facts';
import type { ServicePlan } from '@deploy-actions/kit/plan/rollout-plan';

/** A server with 2 GB of memory, 1.1 GB of it free, and room on its disks. */
export function facts(overrides: Partial<ServerFacts> = {}): ServerFacts {
  return {
    memory: { total: 2e9, available: 1.1e9, swapFree: 0 },
    containers: {},
    disks: [
      { role: 'images', path: '/var/lib/docker', free: 50e9, freeFiles: 1e6 },
      { role: 'deploy-path', path: '/srv/shop', free: 50e9, freeFiles: 1e6 },
    ],
    images: {},
    networks: [],
    volumes: [],
    remade: { networks: [], volumes: [] },
    ...overrides,
  };
}

export function servicePlan(service: string, overrides: Partial<ServicePlan> = {}): ServicePlan {
  return {
    service,
    action: 'start-first',
    reason: '',
    replicas: 1,
    image: `registry.example/${service}@sha256:new`,
    fresh: [],
    stale: [`${service}-old`],
    leftovers: [],
    ...overrides,
  };
}

/** The model as Compose prints it. */
export function modelText(parts: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ name: 'shop', ...parts });
}
