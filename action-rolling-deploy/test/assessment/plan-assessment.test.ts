import { describe, expect, it } from 'vitest';
import { assessPlan, planFactsQuery, type Observed } from '@deploy-actions/kit/plan/plan-assessment';
import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { container, model } from '../builders.ts';
import { facts, modelText, servicePlan } from './facts.ts';

const text = modelText({
  services: {
    web: {
      image: 'registry.example/web@sha256:new',
      environment: { PASSWORD: 'hunter2' },
      networks: { default: null, outside: null },
      volumes: [{ type: 'volume', source: 'data', target: '/data' }],
    },
    db: { image: 'x', networks: { default: null } },
  },
  networks: {
    default: { name: 'shop_default', ipam: {} },
    outside: { name: 'traefik', external: true },
    unused: { name: 'shop_unused' },
  },
  volumes: { data: { name: 'shop_data' } },
});
const project = { ...model(), text };
const settings = {
  deployPath: parseDeployPath('/srv/shop'),
  composeFiles: [],
  projectName: undefined,
  profiles: [],
  envFile: undefined,
};
const observed: Observed = { containers: [container('web-old', 'web', { imageId: 'sha256:1' })], images: new Map() };
const plan = {
  project: 'shop',
  orphans: [],
  services: [servicePlan('web'), servicePlan('db', { action: 'unchanged', stale: [], fresh: ['db-1'] })],
};
const rules = { isHeadroomEnforced: true, isDowntimeAllowed: false, maxSurge: 1 };

describe('what the server is asked for a plan', () => {
  const query = planFactsQuery(settings, project, plan, observed);

  it('are the containers that run, the images of services to pull, and what services use', () => {
    expect(query).toMatchObject({
      containers: ['web-old'],
      images: ['sha256:1'],
      isPullNeeded: true,
      networks: ['shop_default', 'traefik'],
      volumes: ['shop_data'],
    });
  });

  it('is nothing of Compose while nothing runs', () => {
    expect(planFactsQuery(settings, project, plan, { ...observed, containers: [] }).compose).toBeUndefined();
  });

  it('never sends what the model holds of secrets and images back', () => {
    expect(query.compose?.stdin).not.toContain('hunter2');
    expect(JSON.parse(query.compose?.stdin ?? '')).toMatchObject({
      services: { web: { image: 'sha256:1', networks: { default: null } } },
      networks: { default: { name: 'shop_default', ipam: {} } },
    });
  });
});

describe('the notes of a plan', () => {
  it('begin with what refuses it', () => {
    const server = facts({
      containers: { 'web-old': { memory: 4e9, first: undefined } },
      networks: [],
      images: { 'sha256:1': 1e9 },
    });
    const { notes } = assessPlan(server, plan, project, observed, rules);
    expect(notes.map(({ level }) => level)).toEqual(['refusal', 'refusal', 'info']);
    expect(notes[0]?.text).toContain('the external network traefik of web does not exist');
    expect(notes[1]).toMatchObject({ code: 'NO_HEADROOM' });
  });

  it('say which services are away for a moment', () => {
    const stopFirst = { ...plan, services: [servicePlan('db', { action: 'stop-first' })] };
    const stored = new Map([
      ['registry.example/db@sha256:new', { id: 'y', repoDigests: [], platform: '', hasHealthcheck: true }],
    ]);
    const { notes } = assessPlan(
      facts(),
      stopFirst,
      { ...project, text: modelText({}) },
      { ...observed, images: stored },
      rules,
    );
    expect(notes).toEqual([
      {
        level: 'info',
        service: 'db',
        text: 'db is down from the stop of its old container until the new one has booted',
      },
    ]);
  });
});
