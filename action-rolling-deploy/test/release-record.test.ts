import { describe, expect, it } from 'vitest';
import { recordRelease, type RecordFacts } from '../src/release-record.ts';
import { container, release } from './builders.ts';

const facts = (overrides: Partial<RecordFacts> = {}): RecordFacts => ({
  ledger: { releases: [release(4)], current: release(4, { filesRelease: 'set-4' }) },
  owner: {
    id: 'r',
    repository: 'acme/api',
    runId: '9',
    runAttempt: 1,
    job: 'deploy',
    actor: 'ada',
    runUrl: 'https://github.example/9',
    commit: 'new',
  },
  run: { commit: 'new', workflow: 'acme/api/deploy.yml', runNumber: 12 },
  pins: [],
  filesRelease: undefined,
  restores: undefined,
  startedAt: '2026-01-01T00:00:00Z',
  finishedAt: '2026-01-01T00:00:09Z',
  ...overrides,
});

describe('the record of a release', () => {
  it('says what runs, which run made it, and which files stay live', () => {
    const web = container('1', 'web', { imageLabels: { revision: 'abc', version: 'v1.2' } });
    const ended = container('2', 'job', { status: 'exited', imageLabels: { revision: 'zzz' } });
    expect(recordRelease(facts(), 'ok', [web, ended, container('3', 'db')])).toMatchObject({
      number: 5,
      commit: 'new',
      workflow: 'acme/api/deploy.yml',
      runNumber: 12,
      filesRelease: 'set-4',
      imageLabels: { web: { revision: 'abc', version: 'v1.2' } },
      digests: { db: 'registry.example/db@sha256:old', web: 'registry.example/web@sha256:old' },
    });
  });

  it('of a rollback has the commit and the run of what it brought back, so that a queued run is compared with what runs', () => {
    const restores = release(2, { commit: 'old', workflow: 'acme/api/deploy.yml', runNumber: 7 });
    const record = recordRelease(facts({ restores }), 'ok', []);
    expect(record).toMatchObject({ number: 5, restores: 2, commit: 'old', runNumber: 7, actor: 'ada' });
    expect(recordRelease(facts({ restores: release(3, { restores: 1 }) }), 'ok', []).restores).toBe(1);
    expect(record.runUrl).toBe('https://github.example/9');
  });

  it('leaves out what is not known', () => {
    const run = { commit: '', workflow: undefined, runNumber: undefined };
    const record = recordRelease(facts({ run, ledger: { releases: [], current: undefined } }), 'ok', []);
    for (const key of ['workflow', 'runNumber', 'filesRelease', 'imageLabels', 'restores'])
      expect(record).not.toHaveProperty(key);
    expect(record.number).toBe(1);
  });
});
