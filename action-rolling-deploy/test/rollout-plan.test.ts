import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedServices, nextMove, planRollout, type Observed, type ServicePlan } from '../src/rollout-plan.ts';
import { container, dependsOn, model, service } from './builders.ts';

function planOf(
  wanted: ComposeModel,
  containers: readonly Container[],
  overrides: Partial<Observed> = {},
): ServicePlan {
  const wantedHashes = Object.fromEntries(Object.keys(wanted.services).map((name) => [name, 'new']));
  const plan = planRollout(wanted, { containers, wantedHashes, keep: new Set(), spent: new Set(), ...overrides });
  const [first] = plan.services;
  if (first === undefined) throw new Error('the plan has no service');
  return first;
}

describe('the plan of a service', () => {
  it('creates what does not run yet', () => {
    expect(planOf(model(service('web')), [])).toMatchObject({ action: 'create', reason: 'does not exist yet' });
  });

  it('leaves alone what runs with the wanted configuration', () => {
    expect(planOf(model(service('web')), [container('a', 'web', { configHash: 'new' })]).action).toBe('unchanged');
  });

  it('replaces a changed service start-first and names the old container', () => {
    const plan = planOf(model(service('web')), [container('a', 'web')]);
    expect(plan).toMatchObject({ action: 'start-first', stale: ['a'], fresh: [] });
  });

  it('removes an ended container of an older configuration first, because Compose counts it as a replica', () => {
    const plan = planOf(model(service('web')), [
      container('a', 'web'),
      container('dead', 'web', { status: 'exited', exitCode: 1 }),
    ]);
    expect(plan).toMatchObject({ action: 'start-first', stale: ['a'], leftovers: ['dead'] });
  });

  it('starts a stopped container of the wanted configuration instead of replacing it', () => {
    const plan = planOf(model(service('db')), [container('a', 'db', { configHash: 'new', status: 'exited' })]);
    expect(plan).toMatchObject({ action: 'create', leftovers: [] });
  });

  it('continues where a crash left one new container beside the old one', () => {
    const plan = planOf(model(service('web')), [container('old', 'web'), container('n', 'web', { configHash: 'new' })]);
    expect(plan).toMatchObject({ action: 'start-first', fresh: ['n'], stale: ['old'] });
  });

  it('scales when only the number of replicas differs', () => {
    const plan = planOf(model(service('web', { replicas: 3 })), [container('a', 'web', { configHash: 'new' })]);
    expect(plan).toMatchObject({ action: 'scale', reason: '1 of 3 replicas run' });
  });

  it('keeps containers that ran before when it plans a rollback, whatever their hash says', () => {
    const containers = [container('old', 'web', { configHash: 'drifted' }), container('bad', 'web')];
    expect(planOf(model(service('web')), containers, { keep: new Set(['old']) })).toMatchObject({
      fresh: ['old'],
      stale: ['bad'],
    });
  });

  it('never counts a container that was taken out of service as a way back', () => {
    const containers = [container('old', 'web', { configHash: 'new' })];
    const plan = planOf(model(service('web')), containers, { keep: new Set(['old']), spent: new Set(['old']) });
    expect(plan).toMatchObject({ fresh: [], stale: ['old'] });
  });

  it('leaves one-off containers out of sight', () => {
    expect(planOf(model(service('web')), [container('run', 'web', { isOneOff: true })]).action).toBe('create');
  });

  it('skips services that run once, which action-migrate owns', () => {
    const migrate = service('migrate');
    const web = service('web', { dependsOn: [dependsOn('migrate', 'service_completed_successfully')] });
    expect(planOf(model(migrate, web), [])).toMatchObject({ service: 'migrate', action: 'skip' });
  });
});

describe('the plan of a project', () => {
  it('goes in dependency order and names running services that left the files', () => {
    const web = service('web', { dependsOn: [dependsOn('db', 'service_healthy')] });
    const plan = planRollout(model(web, service('db')), {
      containers: [container('x', 'gone')],
      wantedHashes: { web: 'new', db: 'new' },
      keep: new Set(),
      spent: new Set(),
    });
    expect(plan.services.map(({ service: name }) => name)).toEqual(['db', 'web']);
    expect(plan.orphans).toEqual(['gone']);
    expect(changedServices(plan)).toHaveLength(2);
  });
});

describe('the moves of a start-first rollout', () => {
  it('reach the wanted number with never fewer healthy containers than before or wanted, and never more than one above', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.integer({ min: 1, max: 6 }), (freshAtStart, staleAtStart, replicas) => {
        let [fresh, stale] = [freshAtStart, staleAtStart];
        const floor = Math.min(fresh + stale, replicas);
        const ceiling = Math.max(fresh + stale, replicas + 1);
        for (let moves = 0; moves < 100; moves++) {
          const move = nextMove(fresh, stale, replicas);
          if (move.kind === 'done') {
            expect([fresh, stale]).toEqual([replicas, 0]);
            return;
          }
          if (move.kind === 'add') fresh += move.count;
          else if (move.which === 'stale') stale -= 1;
          else fresh -= 1;
          expect(fresh + stale).toBeGreaterThanOrEqual(floor);
          expect(fresh + stale).toBeLessThanOrEqual(ceiling);
          expect(Math.min(fresh, stale)).toBeGreaterThanOrEqual(0);
        }
        throw new Error('the rollout does not end');
      }),
    );
  });
});
