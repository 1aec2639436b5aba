import { describe, expect, it } from 'vitest';
import { assessMemory, estimateSurges, hasRoomSideBySide, type Surge } from '@deploy-actions/kit/plan/memory-headroom';
import { readModelDetails } from '@deploy-actions/kit/plan/model-details';
import type { ServicePlan } from '@deploy-actions/kit/plan/rollout-plan';
import { facts, modelText, servicePlan } from './facts.ts';

const using = (bytes: number): { memory: number; first: undefined } => ({ memory: bytes, first: undefined });

function surgeOf(plan: ServicePlan, body: object, memory: number | undefined, maxSurge = 1): Surge | undefined {
  const details = readModelDetails(modelText({ services: { backend: body } }));
  const containers = memory === undefined ? {} : { 'backend-old': using(memory) };
  return estimateSurges([plan], details, facts({ containers }), maxSurge)[0];
}

const backend = servicePlan('backend');

describe('what a surge needs', () => {
  it('is what the running copy uses and a quarter more', () => {
    expect(surgeOf(backend, {}, 248e6)).toEqual({ service: 'backend', copies: 1, bytes: 310e6 });
  });

  it('is never more than the limit', () => {
    expect(surgeOf(backend, { mem_limit: '262144000' }, 248e6)?.bytes).toBe(262_144_000);
  });

  it('is not the limit where the running copy shows that the app uses less', () => {
    const limits = { deploy: { resources: { limits: { memory: '4294967296' } } } };
    expect(surgeOf(backend, limits, 100e6)?.bytes).toBe(125e6);
  });

  it('is never less than the reservation', () => {
    const reservations = { deploy: { resources: { reservations: { memory: '500000000' } } } };
    expect(surgeOf(backend, reservations, 100e6)?.bytes).toBe(500e6);
  });

  it('is the limit where no copy runs, and unknown without one', () => {
    const create = servicePlan('backend', { action: 'create', stale: [] });
    expect(surgeOf(create, { mem_limit: '300000000' }, undefined)?.bytes).toBe(300e6);
    expect(surgeOf(create, {}, undefined)).toBeUndefined();
  });

  it.each([
    ['as many copies as max-surge allows', servicePlan('backend', { replicas: 3 }), 2, 2],
    ['no more copies than replicas', servicePlan('backend', { replicas: 1 }), 5, 1],
    ['the replicas that are missing', servicePlan('backend', { action: 'scale', replicas: 3 }), 1, 2],
  ])('counts %s', (_what, plan, maxSurge, copies) => {
    expect(surgeOf(plan, {}, 100e6, maxSurge)).toMatchObject({ copies, bytes: copies * 125e6 });
  });

  it('is nothing where the old one stops first', () => {
    expect(surgeOf(servicePlan('backend', { action: 'stop-first' }), {}, 248e6)).toBeUndefined();
  });
});

describe('memory headroom', () => {
  const needs = (bytes: number): readonly Surge[] => [{ service: 'backend', copies: 1, bytes }];

  it('is said with what is needed and what there is', () => {
    expect(assessMemory(needs(310e6), facts(), true)).toEqual([
      {
        level: 'info',
        service: 'backend',
        text: 'needs about 310 MB for the second copy of backend; 1.1 GB available',
      },
    ]);
  });

  it('is a warning when it is tight', () => {
    expect(assessMemory(needs(1000e6), facts(), true)[0]).toMatchObject({ level: 'warning' });
  });

  it('is a warning where only swap makes room', () => {
    const swapping = facts({ memory: { total: 2e9, available: 0.5e9, swapFree: 1e9 } });
    const [note] = assessMemory(needs(1e9), swapping, true);
    expect(note).toMatchObject({ level: 'warning' });
    expect(note?.text).toContain('500 MB and 1.0 GB of swap available');
  });

  it('is refused when one copy alone does not fit', () => {
    expect(assessMemory(needs(1.2e9), facts(), true)[0]).toMatchObject({ level: 'refusal', code: 'NO_HEADROOM' });
  });

  it('is only a warning when the user says so', () => {
    expect(assessMemory(needs(1.2e9), facts(), false)[0]).toMatchObject({ level: 'warning' });
  });

  it('refuses nothing where the server does not tell', () => {
    expect(assessMemory(needs(1e12), facts({ memory: undefined }), true)[0]).toMatchObject({ level: 'info' });
  });

  it('tells whether all services have room at once', () => {
    const two = [...needs(600e6), { service: 'frontend', copies: 1, bytes: 600e6 }];
    expect([hasRoomSideBySide(needs(1e9), facts()), hasRoomSideBySide(two, facts())]).toEqual([true, false]);
    expect(assessMemory(two, facts(), true).at(-1)?.text).toBe(
      'one service after the other: side by side they would need about 1.2 GB',
    );
  });
});
