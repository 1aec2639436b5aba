import { describe, expect, it } from 'vitest';
import { caseRows, type Sample } from '../gate/rows.ts';

const at = (...times: readonly (number | null)[]): readonly Sample[] =>
  times.map((readyToGreenMs) => ({ readyToGreenMs }));

describe('rows of the gate bench', () => {
  const rows = caseRows({
    name: 'old commit',
    threshold: 1,
    intervalMs: 1000,
    ours: at(400, 600, 1600),
    peers: [
      { name: 'wait-on', samples: at(-2500, -2600, -2700) },
      { name: 'curl loop', samples: at(500, 700, null) },
    ],
  });

  it('compare median and worst time with threshold × interval + 0.5 s', () => {
    expect(rows.slice(3, 5)).toMatchObject([
      { metric: 'ready_to_green_ms', ours: 600, peer: 600, peerName: 'curl loop', target: 1500, met: true },
      { metric: 'ready_to_green_worst_ms', ours: 1600, peer: 700, target: 1500, met: false },
    ]);
  });

  it('count a run that is green too early, or never, as wrong and not as fast', () => {
    expect(rows.filter(({ metric }) => metric === 'wrong_runs')).toMatchObject([
      { ours: 0, peer: 3, peerName: 'wait-on', target: 0, met: true },
      { ours: 0, peer: 1, peerName: 'curl loop' },
    ]);
    expect(rows[0]).toMatchObject({ metric: 'ready_to_green_ms', ours: 600, peer: null });
  });
});
