import type { Container } from '@deploy-actions/kit/compose/container';
import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { describe, expect, it } from 'vitest';
import { nextMove } from '../src/rollout-moves.ts';
import {
  changedServices,
  noWishes,
  planRollout,
  type Observed,
  type PlanWishes,
  type RolloutPlan,
  type ServicePlan,
} from '@deploy-actions/kit/plan/rollout-plan';
import { container, dependsOn, model, service } from './builders.ts';

function planAll(
  wanted: ComposeModel,
  containers: readonly Container[],
  overrides: Partial<Observed> = {},
  wishes: Partial<PlanWishes> = {},
): RolloutPlan {
  const wantedHashes = Object.fromEntries(Object.keys(wanted.services).map((name) => [name, 'new']));
  const observed = { containers, wantedHashes, keep: new Set<string>(), spent: new Set<string>(), ...overrides };
  return planRollout(wanted, observed, { ...noWishes, ...wishes });
}

function planOf(...args: Parameters<typeof planAll>): ServicePlan {
  const [first] = planAll(...args).services;
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

  it('removes an ended container beside running ones even of the wanted configuration: Compose would count it', () => {
    const ended = container('ended', 'web', { configHash: 'new', status: 'exited' });
    const plan = planOf(model(service('web')), [container('a', 'web', { configHash: 'new' }), ended]);
    expect(plan).toMatchObject({ action: 'unchanged', leftovers: ['ended'] });
  });

  it('keeps an ended container of the wanted configuration where the service is replaced in place', () => {
    const db = service('db', { containerName: 'db' });
    const ended = container('ended', 'db', { configHash: 'new', status: 'created' });
    expect(planOf(model(db), [container('a', 'db'), ended])).toMatchObject({ action: 'stop-first', leftovers: [] });
  });

  it('never removes an ended container that a rollback wants back', () => {
    const containers = [container('old', 'web', { status: 'exited' }), container('bad', 'web')];
    expect(planOf(model(service('web')), containers, { keep: new Set(['old']) })).toMatchObject({
      stale: ['bad'],
      leftovers: [],
    });
  });

  it('sees the anonymous volumes of running containers', () => {
    const plan = planOf(model(service('db')), [container('a', 'db', { anonymousVolumes: ['/data'] })]);
    expect(plan).toMatchObject({ action: 'stop-first', reason: expect.stringContaining('/data') as string });
  });

  it('takes for a worker what says no port and has no health check, and lets it overlap', () => {
    const queue = service('queue', { hasHealthcheck: false });
    const silent = container('a', 'queue', { health: undefined });
    expect(planOf(model(queue), [silent])).toMatchObject({ action: 'restart', worker: { kind: 'overlap' } });
    const listening = { ...silent, exposedPorts: ['8000/tcp'] };
    expect(planOf(model(queue), [listening])).toMatchObject({ action: 'start-first' });
    expect(planOf(model(queue), [container('a', 'queue')])).toMatchObject({ action: 'start-first' });
  });

  it('replaces what runs as wanted when it is asked to, all services or some', () => {
    const runs = [container('a', 'web', { configHash: 'new' })];
    const wanted = model(service('web'));
    for (const recreate of ['all', new Set(['web'])] as const)
      expect(planOf(wanted, runs, {}, { recreate })).toMatchObject({
        action: 'start-first',
        stale: ['a'],
        reason: expect.stringContaining('asked for by `recreate`') as string,
      });
    expect(planOf(wanted, runs, {}, { recreate: new Set(['db']) }).action).toBe('unchanged');
  });

  it('starts a stopped container of the wanted configuration instead of replacing it', () => {
    const plan = planOf(model(service('db')), [container('a', 'db', { configHash: 'new', status: 'exited' })]);
    expect(plan).toMatchObject({ action: 'create', leftovers: [] });
  });

  it('replaces in place what has ended and owns anonymous volumes: removed first, a new one would get empty ones', () => {
    const db = model(service('db'));
    const ended = container('a', 'db', { status: 'exited', anonymousVolumes: ['/data'] });
    expect(planOf(db, [ended])).toMatchObject({ action: 'stop-first', stopFirst: 'in-place', leftovers: [] });
    // Told to go by a deploy that failed: the way back carries its volumes over, too.
    const spent = { ...ended, configHash: 'new' };
    const wayBack = { keep: new Set(['a']), spent: new Set(['a']) };
    expect(planOf(db, [spent], wayBack)).toMatchObject({ stopFirst: 'in-place', leftovers: [] });
    expect(planOf(db, [spent])).toMatchObject({ action: 'create', leftovers: [] });
    expect(planOf(db, [{ ...ended, anonymousVolumes: [] }])).toMatchObject({ action: 'create', leftovers: ['a'] });
    const two = model(service('db', { updateOrder: 'start-first' }));
    expect(planOf(two, [ended])).toMatchObject({ action: 'create', leftovers: ['a'] });
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
    const plan = planAll(model(web, service('db')), [container('x', 'gone')]);
    expect(plan.services.map(({ service: name }) => name)).toEqual(['db', 'web']);
    expect(plan.orphans).toEqual(['gone']);
    expect(changedServices(plan)).toHaveLength(2);
  });

  it('removes a service that left the files where a release recorded it and the user asked for it', () => {
    const containers = [container('x', 'gone'), container('y', 'gone', { status: 'exited' }), container('z', 'other')];
    const plan = planAll(model(), containers, {}, { removable: new Set(['gone']) });
    expect(plan.orphans).toEqual(['other']);
    expect(plan.services).toMatchObject([{ service: 'gone', action: 'remove', stale: ['x'], leftovers: ['y'] }]);
    expect(changedServices(plan)).toHaveLength(1);
  });

  it('makes anew what must follow a service that gets new containers, and what follows that', () => {
    const wanted = model(
      service('app'),
      service('sidecar', { networkMode: 'service:app', dependsOn: [dependsOn('app', 'service_started', true)] }),
      service('probe', { dependsOn: [dependsOn('sidecar', 'service_started', true)] }),
      service('other', { dependsOn: [dependsOn('app')] }),
    );
    const fresh = ['sidecar', 'probe', 'other'].map((name) => container(name, name, { configHash: 'new' }));
    const words = (containers: readonly Container[]) =>
      Object.fromEntries(planAll(wanted, containers).services.map(({ service: name, action }) => [name, action]));
    expect(words([container('a', 'app'), ...fresh])).toEqual({
      app: 'stop-first',
      sidecar: 'stop-first',
      probe: 'start-first',
      other: 'unchanged',
    });
    expect(words([container('a', 'app', { configHash: 'new' }), ...fresh])['sidecar']).toBe('unchanged');
  });
});

describe('a dependency whose tag was moved', () => {
  const db = service('db', { dependsOn: [dependsOn('cache')] });
  const wanted = model(db, service('cache'), service('other'));
  const runs = [container('c', 'cache', { configHash: 'new' }), container('o', 'other', { configHash: 'new' })];
  const moved = new Set(['cache', 'other']);
  const words = (old: Partial<Container>): readonly string[] =>
    planAll(wanted, [container('a', 'db', old), ...runs], { moved }).services.map(
      ({ service: name, action, reason }) => `${name} ${action}: ${reason}`,
    );

  it('is replaced before a service that Compose recreates with its volumes, because it would drag it along', () => {
    expect(words({ anonymousVolumes: ['/data'] })).toEqual([
      'cache start-first: its tag was moved, and Compose makes it anew together with db; two copies can run side by side',
      expect.stringContaining('db stop-first') as string,
      'other unchanged: runs as wanted',
    ]);
  });

  it('is left alone by every other replacement', () => {
    expect(words({})).toContain('cache unchanged: runs as wanted');
    expect(words({ configHash: 'new', anonymousVolumes: ['/data'] })).toContain('cache unchanged: runs as wanted');
  });
});

const most = 5;

/** Every state of a small service: running at the start, wanted, and the limits. */
function* allCases(): Generator<
  readonly [fresh: number, stale: number, replicas: number, surge: number, parallelism: number]
> {
  for (let fresh = 0; fresh <= most; fresh++)
    for (let stale = 0; stale <= most; stale++)
      for (let replicas = 1; replicas <= most; replicas++)
        for (let surge = 0; surge <= 3; surge++)
          for (let parallelism = 1; parallelism <= 4; parallelism++) yield [fresh, stale, replicas, surge, parallelism];
}

describe('the moves of a rolling replacement', () => {
  it('keep the wanted number and its surge for every small number of replicas, change of it, surge and parallelism', () => {
    for (const [freshAtStart, staleAtStart, replicas, surge, parallelism] of allCases()) {
      let [fresh, stale] = [freshAtStart, staleAtStart];
      // Without a surge the old go first, so many at a time.
      const floor = Math.min(fresh + stale, surge > 0 ? replicas : Math.max(0, replicas - parallelism));
      const ceiling = Math.max(fresh + stale, replicas + surge);
      let moves = 0;
      for (;;) {
        const move = nextMove(fresh, stale, replicas, surge, parallelism);
        if (move.kind === 'done') break;
        if (move.kind === 'add') fresh += move.count;
        else if (move.which === 'stale') stale -= move.count;
        else fresh -= move.count;
        const where = `${freshAtStart}+${staleAtStart} → ${replicas}, surge ${surge}, parallelism ${parallelism}: ${fresh}+${stale}`;
        expect(move.count, where).toBeGreaterThan(0);
        expect(fresh + stale, where).toBeGreaterThanOrEqual(floor);
        expect(fresh + stale, where).toBeLessThanOrEqual(ceiling);
        expect(Math.min(fresh, stale), where).toBeGreaterThanOrEqual(0);
        expect(++moves, where).toBeLessThan(40);
      }
      expect([fresh, stale]).toEqual([replicas, 0]);
    }
  });

  it('replace as many at a time as parallelism and surge allow', () => {
    expect(nextMove(0, 4, 4, 2, 2)).toEqual({ kind: 'add', count: 2 });
    expect(nextMove(2, 4, 4, 2, 2)).toEqual({ kind: 'retire', which: 'stale', count: 2 });
    expect(nextMove(0, 4, 4, 1, 2)).toEqual({ kind: 'add', count: 1 });
    expect(nextMove(0, 4, 4, 3, 1)).toEqual({ kind: 'add', count: 1 });
  });

  it('add at once what is missing from the wanted number', () => {
    expect(nextMove(1, 0, 4)).toEqual({ kind: 'add', count: 3 });
    expect(nextMove(0, 1, 3)).toEqual({ kind: 'add', count: 2 });
  });
});
