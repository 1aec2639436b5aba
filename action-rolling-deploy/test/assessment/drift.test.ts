import { describe, expect, it } from 'vitest';
import { assessDrift, assessStrangers, findRenewal } from '@deploy-actions/kit/plan/drift';
import { readModelDetails } from '@deploy-actions/kit/plan/model-details';
import type { PlanNote } from '@deploy-actions/kit/plan/plan-note';
import type { ExistingNetwork, ExistingVolume, ServerFacts } from '@deploy-actions/kit/plan/server-facts';
import { planRenewal } from '@deploy-actions/kit/plan/network-renewal';
import { container } from '../builders.ts';
import { facts, modelText, servicePlan } from './facts.ts';

const network = (overrides: Partial<ExistingNetwork> = {}): ExistingNetwork => ({
  name: 'shop_edge',
  driver: 'bridge',
  isInternal: false,
  isAttachable: false,
  options: {},
  labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.network': 'edge' },
  subnets: ['172.30.1.0/24'],
  attached: {},
  ...overrides,
});

const volume = (overrides: Partial<ExistingVolume> = {}): ExistingVolume => ({
  name: 'shop_data',
  driver: 'local',
  options: {},
  labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'data' },
  ...overrides,
});

function notesOf(
  body: { readonly edge?: object; readonly data?: object },
  server: Partial<ServerFacts>,
  isDowntimeAllowed = false,
): readonly PlanNote[] {
  const app = { networks: { edge: null }, volumes: [{ type: 'volume', source: 'data', target: '/data' }] };
  const text = modelText({
    services: { app, proxy: { networks: { edge: null } } },
    networks: { edge: { name: 'shop_edge', ipam: {}, ...body.edge } },
    volumes: { data: { name: 'shop_data', ...body.data } },
  });
  return assessDrift(readModelDetails(text), facts(server), 'shop', isDowntimeAllowed);
}

describe('a network', () => {
  it('that is as the file says, or not there yet, is not mentioned', () => {
    expect(notesOf({}, { networks: [network()], volumes: [volume()] })).toEqual([]);
    expect(notesOf({}, {})).toEqual([]);
  });

  it.each([
    ['internal', { internal: true }, 'internal: false → true'],
    ['attachable', { attachable: true }, 'attachable: false → true'],
    ['driver', { driver: 'macvlan' }, 'driver: bridge → macvlan'],
    ['option', { driver_opts: { mtu: '1400' } }, 'mtu: none → 1400'],
    ['subnet', { ipam: { config: [{ subnet: '10.1.0.0/24' }] } }, 'subnet: 172.30.1.0/24 → 10.1.0.0/24'],
    ['label', { labels: { tier: 'front' } }, 'label tier: none → front'],
  ])('whose %s changed stays as it is where Compose compares nothing: a warning', (_what, edge, difference) => {
    const [note] = notesOf({ edge }, { networks: [network()] });
    expect(note?.level).toBe('warning');
    expect(note?.text).toContain(difference);
  });

  it('that Compose would make anew is refused, naming all whom that stops', () => {
    const server = { networks: [network()], remade: { networks: ['shop_edge'], volumes: [] } };
    const [note] = notesOf({ edge: { internal: true } }, server);
    expect(note).toMatchObject({ level: 'refusal', code: 'DRIFT' });
    expect(note?.text).toBe('network shop_edge is to be made anew (internal: false → true): app, proxy stop meanwhile');
  });

  it('that Compose would make anew without a visible change is refused too', () => {
    const server = { networks: [network()], remade: { networks: ['shop_edge'], volumes: [] } };
    expect(notesOf({}, server)[0]?.text).toContain('another version of Compose made it');
  });

  it('may be made anew when downtime is allowed', () => {
    const server = { networks: [network()], remade: { networks: ['shop_edge'], volumes: [] } };
    expect(notesOf({ edge: { internal: true } }, server, true)[0]?.level).toBe('warning');
  });

  it('that another key of the file made is refused, as Compose refuses it half-way', () => {
    const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.network': 'front' };
    expect(notesOf({}, { networks: [network({ labels })] })[0]).toMatchObject({ level: 'refusal', code: 'DRIFT' });
  });

  it('that got another name leaves the others behind in the old one: a warning', () => {
    const [note] = notesOf({ edge: { name: 'edge2' } }, { networks: [network()] });
    expect(note).toMatchObject({ level: 'warning' });
    expect(note?.text).toContain('network shop_edge is now called edge2');
  });

  it('from outside must exist', () => {
    const [note] = notesOf({ edge: { name: 'traefik', external: true } }, {});
    expect(note).toMatchObject({ level: 'refusal', hint: 'Make it on the server: docker network create traefik' });
  });

  it('of which engines print more than the file states is not changed', () => {
    const options = { 'com.docker.network.enable_ipv4': 'true' };
    expect(notesOf({}, { networks: [network({ options })] })).toEqual([]);
  });
});

describe('a volume', () => {
  const options = { type: 'nfs', o: 'addr=10.0.0.1' };

  it('whose options changed is refused, allowed downtime or not: its data would be lost', () => {
    for (const isDowntimeAllowed of [false, true]) {
      const [note] = notesOf({ data: { driver_opts: options } }, { volumes: [volume()] }, isDowntimeAllowed);
      expect(note).toMatchObject({ level: 'refusal', code: 'DRIFT' });
      expect(note?.text).toContain('type: none → nfs, o: none → addr=10.0.0.1');
    }
  });

  it('that Compose would ask about is refused without a visible change', () => {
    const remade = { networks: [], volumes: ['shop_data'] };
    expect(notesOf({}, { volumes: [volume()], remade })[0]).toMatchObject({ level: 'refusal' });
  });

  it('that the project did not make stays as it is', () => {
    expect(notesOf({}, { volumes: [volume({ options, labels: {} })] })[0]).toMatchObject({ level: 'warning' });
  });

  it('from outside must exist', () => {
    expect(notesOf({ data: { external: true } }, {})[0]).toMatchObject({ level: 'refusal', code: 'DRIFT' });
  });
});

describe('a network to be made anew with downtime allowed', () => {
  const text = modelText({
    services: { app: { networks: { edge: null } }, db: { networks: { inner: null } } },
    networks: { edge: { name: 'shop_edge' }, inner: { name: 'shop_inner' } },
  });
  const remade = { networks: ['shop_edge'], volumes: [] };

  it('takes all its services with it, and no other', () => {
    const renewal = findRenewal(readModelDetails(text), facts({ remade }));
    expect(renewal).toEqual({ networks: ['shop_edge'], services: ['app'] });
    const plan = {
      project: 'shop',
      orphans: [],
      services: [
        servicePlan('app', { action: 'unchanged', stale: [], fresh: ['a'] }),
        servicePlan('db', { action: 'unchanged', stale: [], fresh: ['b'] }),
      ],
    };
    expect(planRenewal(plan, renewal).services).toMatchObject([
      { service: 'app', action: 'stop-first', fresh: [], stale: ['a'] },
      { service: 'db', action: 'unchanged', fresh: ['b'] },
    ]);
  });

  it('is refused while somebody else’s container is in it', () => {
    const server = facts({ remade, networks: [network({ attached: { a: 'shop-app-1', t: 'traefik' } })] });
    const renewal = { networks: ['shop_edge'], services: ['app'] };
    const [note] = assessStrangers(renewal, server, [container('a', 'app')]);
    expect(note).toMatchObject({ level: 'refusal', code: 'DRIFT' });
    expect(note?.text).toContain('traefik');
    const alone = facts({ remade, networks: [network({ attached: { a: 'shop-app-1' } })] });
    expect(assessStrangers(renewal, alone, [container('a', 'app')])).toEqual([]);
  });
});
