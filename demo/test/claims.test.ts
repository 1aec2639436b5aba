import { describe, expect, it } from 'vitest';
import type { LoadReport, PhaseReport } from '../../lab/src/load/index.ts';
import type { JobResult } from '../../lab/src/runner/index.ts';
import { joinPhases, judge, type Act, type Observations } from '../claims.ts';
import { readNote } from '../closing.ts';

const sha = { v1: '1'.repeat(40), v2: '2'.repeat(40), v3: '3'.repeat(40) };
const latency = { p50: 1, p95: 2, p99: 3, max: 4 };

function phase(name: string, shas: readonly string[], failed = 0): PhaseReport {
  const sightings = Object.fromEntries(shas.map((seen) => [seen, { count: 600, firstMs: 0, lastMs: 10_000 }]));
  return {
    name,
    startMs: 0,
    endMs: 10_500,
    sent: 1_260,
    posts: 252,
    keptAlive: 630,
    failed,
    failuresByKind: {},
    latency,
    slowest: [],
    shas: sightings,
  };
}

function report(phases: readonly PhaseReport[]): LoadReport {
  const failed = phases.reduce((sum, { failed: count }) => sum + count, 0);
  const shas = Object.assign({}, ...phases.map((one) => one.shas)) as LoadReport['shas'];
  return {
    url: '',
    rate: 120,
    startedAt: 0,
    durationMs: 0,
    sent: 1,
    failed,
    failures: [],
    phases,
    shas,
    sendLag: latency,
  };
}

function act(number: number, commit: string, conclusion: JobResult['conclusion'], outcome: string): Act {
  const rollout = { id: 'rollout', outputs: { outcome } } as unknown as JobResult['steps'][number];
  return {
    number,
    title: '',
    sha: commit,
    digest: '',
    job: { conclusion, steps: [rollout], posts: [], orphans: 0 },
    durationMs: 1,
  };
}

const good: Observations = {
  acts: [
    act(1, sha.v1, 'success', 'deployed'),
    act(2, sha.v2, 'success', 'deployed'),
    act(3, sha.v3, 'failure', 'rolled_back'),
  ],
  load: report([
    phase('1 deploy', [sha.v1]),
    phase('1 after', [sha.v1]),
    phase('2 deploy', [sha.v1, sha.v2]),
    phase('2 after', [sha.v2]),
    phase('3 deploy', [sha.v2]),
    phase('3 after', [sha.v2]),
  ]),
  control: report([phase('control', [sha.v1], 40)]),
  lastNote: 'rolled back to 2222222',
  leaks: [],
};

const broken = (change: Partial<Observations>): readonly string[] =>
  judge({ ...good, ...change })
    .filter((claim) => !claim.holds)
    .map((claim) => claim.text);

const changePhase = (name: string, change: Partial<PhaseReport>): LoadReport =>
  report(good.load.phases.map((one) => (one.name === name ? { ...one, ...change } : one)));

describe('the claims of the demo', () => {
  it('hold when everything went well', () => {
    expect(broken({})).toEqual([]);
  });
  it('fall with one failed request', () => {
    expect(broken({ load: changePhase('2 deploy', { failed: 1 }) })).toEqual(['act 2: no request failed']);
  });
  it('fall when users saw the broken version', () => {
    const shas = { [sha.v2]: { count: 1, firstMs: 0, lastMs: 1 }, [sha.v3]: { count: 1, firstMs: 0, lastMs: 1 } };
    expect(broken({ load: changePhase('3 deploy', { shas }) })).toHaveLength(2);
  });
  it('fall when nobody saw the second version', () => {
    const load = report(good.load.phases.map((one) => (one.name.startsWith('2') ? phase(one.name, [sha.v1]) : one)));
    expect(broken({ load })).toContain('act 2: 2222222 was seen by users');
  });
  it('fall when the load was too weak, too short or had no POSTs', () => {
    for (const change of [{ sent: 100 }, { endMs: 5_000 }, { posts: 0 }])
      expect(broken({ load: changePhase('2 after', change) })).toContain('act 2: the load was as promised');
  });
  it('fall when the control lost nothing: then the measuring proves nothing', () => {
    expect(broken({ control: report([phase('control', [sha.v1])]) })).toHaveLength(1);
  });
  it('fall when a broken release ends green, without a note, or with a leak', () => {
    expect(broken({ acts: [good.acts[0], good.acts[1], act(3, sha.v3, 'success', 'deployed')] })).toHaveLength(1);
    expect(broken({ lastNote: 'all fine' })).toHaveLength(1);
    expect(broken({ leaks: ['KEY in notify'] })).toHaveLength(1);
  });
  it('count an answer without a version', () => {
    const shas = { '(none)': { count: 3, firstMs: 0, lastMs: 1 }, [sha.v1]: { count: 1, firstMs: 0, lastMs: 1 } };
    expect(broken({ load: changePhase('1 after', { shas }) })).toContain('act 1: every answer named its version');
  });
});

describe('the phases of an act', () => {
  it('are added up, the worst percentile kept', () => {
    const load = joinPhases(changePhase('2 after', { latency: { p50: 9, p95: 9, p99: 9, max: 9 } }), 2);
    expect(load).toMatchObject({
      sent: 2_520,
      posts: 504,
      seconds: 21,
      p99: 9,
      shas: { [sha.v1]: 600, [sha.v2]: 1_200 },
    });
  });
});

describe('a chat message', () => {
  it('is read by the texts of its blocks', () => {
    expect(
      readNote(JSON.stringify({ text: 'a', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'b\nc' } }] })),
    ).toEqual(['a', 'b', 'c']);
    expect(readNote('plain\ntext')).toEqual(['plain', 'text']);
  });
});
