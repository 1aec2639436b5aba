import { makeRow, median, type Row } from '../row.ts';

/** One run of one party on one case. */
export interface Sample {
  /** From the app being ready to the party's end; negative when it ended before. Null: never green. */
  readonly readyToGreenMs: number | null;
}

/** What one case measured: ours, and each peer that could be asked. */
export interface CaseResult {
  readonly name: string;
  readonly threshold: number;
  readonly intervalMs: number;
  readonly ours: readonly Sample[];
  readonly peers: readonly { readonly name: string; readonly samples: readonly Sample[] }[];
}

/** Beyond `threshold` intervals: what the gate itself may need. */
const SLACK_MS = 500;

/** Times of the runs that became green after the app was ready. */
function greenTimes(samples: readonly Sample[]): readonly number[] {
  return samples.flatMap(({ readyToGreenMs }) =>
    readyToGreenMs === null || readyToGreenMs < 0 ? [] : [readyToGreenMs],
  );
}

/** Runs that were green before the app was ready, or never. */
function wrongRuns(samples: readonly Sample[]): number {
  return samples.length - greenTimes(samples).length;
}

function worst(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

/** The rows of a case: median and worst time to green, and the runs that ended wrong, against each peer. Pure. */
export function caseRows({ name, threshold, intervalMs, ours, peers }: CaseResult): readonly Row[] {
  const target = threshold * intervalMs + SLACK_MS;
  const against = peers.length === 0 ? [{ name: 'none', samples: [] as readonly Sample[] }] : peers;
  return against.flatMap((peer) => {
    const row = (metric: string, most: number, value: (samples: readonly Sample[]) => number | null): Row =>
      makeRow({
        metric,
        case: name,
        ours: value(ours),
        peer: peer.samples.length === 0 ? null : value(peer.samples),
        peerName: peer.name,
        target: most,
      });
    return [
      row('ready_to_green_ms', target, (samples) => median(greenTimes(samples))),
      row('ready_to_green_worst_ms', target, (samples) => worst(greenTimes(samples))),
      row('wrong_runs', 0, wrongRuns),
    ];
  });
}
