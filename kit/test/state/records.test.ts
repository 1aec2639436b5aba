import { describe, expect, it } from 'vitest';
import { nextDeployId, parseDeployId, parseUnfinished } from '../../src/state/journal.ts';
import { mergePins, renderEnvBlock, renderPinsEnv, renderPinsOverride } from '../../src/state/pins.ts';
import { nextReleaseNumber, parseLedger, previousRelease } from '../../src/state/release.ts';

const web = { kind: 'service', name: 'web', ref: 'r.example/web@sha256:1' } as const;
const api = { kind: 'env', name: 'API_IMAGE', ref: 'r.example/api@sha256:2' } as const;

describe('pins', () => {
  it('of this step win over those of the current release', () => {
    const newer = { ...web, ref: 'r.example/web@sha256:9' };
    expect(mergePins([web, api], [newer])).toEqual([newer, api]);
  });

  it('of a service become a Compose override, those of a variable an env file', () => {
    expect(renderPinsOverride([web, api])).toContain('services:\n  "web":\n    image: "r.example/web@sha256:1"\n');
    expect(renderPinsEnv([web, api])).toBe('API_IMAGE=r.example/api@sha256:2\n');
  });

  it('make the block of .env that lets plain docker compose resolve the same model', () => {
    const block = renderEnvBlock({
      composeFiles: ['compose.yaml'],
      projectName: 'shop',
      profiles: [],
      pins: [web, api],
    });
    expect(block.split('\n').slice(1, -2)).toEqual([
      'COMPOSE_FILE=compose.yaml:.deploy/pins.yaml',
      'COMPOSE_PROJECT_NAME=shop',
      'API_IMAGE=r.example/api@sha256:2',
    ]);
  });

  it('without a service pin leave no override to name', () => {
    expect(renderPinsOverride([api])).toBe('');
    expect(
      renderEnvBlock({ composeFiles: ['c.yaml'], projectName: undefined, profiles: [], pins: [api] }),
    ).not.toContain('pins.yaml');
  });
});

describe('the release ledger', () => {
  const record = (number: number, rest: object = {}): string => JSON.stringify({ number, result: 'ok', ...rest });

  it('is empty where nothing was deployed', () => {
    expect(parseLedger('current \n')).toEqual({ releases: [], current: undefined });
    expect(nextReleaseNumber(parseLedger(''))).toBe(1);
  });

  it('sorts by number and finds current and previous', () => {
    const ledger = parseLedger([record(10), record(9), record(2), 'current releases/10.json'].join('\n'));
    expect(ledger.releases.map(({ number }) => number)).toEqual([2, 9, 10]);
    expect(ledger.current?.number).toBe(10);
    expect(previousRelease(ledger)?.number).toBe(9);
    expect(nextReleaseNumber(ledger)).toBe(11);
  });

  it('never goes back to a release whose gate was red', () => {
    const ledger = parseLedger(
      [record(1), record(2, { gateFailed: true }), record(3), 'current releases/3.json'].join('\n'),
    );
    expect(previousRelease(ledger)?.number).toBe(1);
  });
});

describe('the journal', () => {
  const line = (step: string): string => JSON.stringify({ at: 'now', step, data: {} });

  it('of a deploy that ended is not unfinished', () => {
    for (const end of ['committed', 'rollback-done', 'rollback-failed', 'recovered'])
      expect(parseUnfinished(['d1.jsonl', line('begin'), line(end)].join('\n'))).toBeUndefined();
  });

  it('of a deploy that died tells how far it came', () => {
    const unfinished = parseUnfinished(['d1.jsonl', line('begin'), line('intent')].join('\n'));
    expect(unfinished).toMatchObject({ deployId: 'd1', lines: [{ step: 'begin' }, { step: 'intent' }] });
  });

  it('ignores a last line that a power cut tore, whose mutation never began', () => {
    expect(parseUnfinished(['d1.jsonl', line('begin'), '{"at":"now","st'].join('\n'))?.lines).toHaveLength(1);
  });

  it('is absent where nothing was deployed', () => {
    expect(parseUnfinished('')).toBeUndefined();
  });
});

describe('the order of deploys', () => {
  const tomorrow = new Date('2026-01-02T00:00:00Z');
  const today = new Date('2026-01-01T00:00:00Z');

  it('is counted on the server: a runner whose clock is behind still writes the newest journal', () => {
    const first = nextDeployId(undefined, tomorrow, 0.5);
    expect(first).toBe('d00000001-20260102T000000000Z-800000');
    const second = nextDeployId(first, today, 0.5);
    expect([second, first].sort()).toEqual([first, second]);
    expect(nextDeployId(second, today).startsWith('d00000003-')).toBe(true);
  });

  it('goes on after a journal that was named by the time alone', () => {
    const old = '20260102T000000000Z-abcdef';
    expect([nextDeployId(old, today), old].sort()[0]).toBe(old);
  });

  it('reads the id of the newest journal, finished or not', () => {
    expect(parseDeployId('d00000007-x.jsonl\n{"step":"committed"}\n')).toBe('d00000007-x');
    expect(parseDeployId('')).toBeUndefined();
  });
});
