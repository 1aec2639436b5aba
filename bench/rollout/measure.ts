import { setTimeout as pause } from 'node:timers/promises';
import { startLoad, type Load, type LoadReport, type PhaseReport, type Slow } from '../../lab/src/load/index.ts';
import type { BenchStage } from './stage.ts';

/** The load of issue and docs: open loop, kept and fresh connections in turn. */
export const LOAD = { rate: 196, slowRate: 4, post: 0.2, slowMs: 2_000, limitMs: 10_000 } as const;
const WARM_UP_MS = 1_500;
const BEFORE_MS = 5_000;
/** A slower 99th percentile than this, with nothing going on, is a machine that is too busy. */
const STEADY_MS = 500;
/** How often a run is tried anew because the machine was too busy before it. */
const ATTEMPTS = 3;
const AFTER_MS = 3_000;

/** What users saw of one change. */
export interface Sighting {
  readonly sent: number;
  /** Requests that failed, without `resets`. */
  readonly failed: number;
  /** Requests on a client's kept connection that ended in a reset. */
  readonly resets: number;
  /** The machine carried the load before anything was changed: only then does the rest say something. */
  readonly wasSteady: boolean;
  readonly p99BeforeMs: number;
  readonly p99DuringMs: number;
  /** The slowest hundredth during the change, without the 2 s requests; `dueMs` after its beginning. */
  readonly slowest: readonly Slow[];
  /** How late the generator itself sent, 99th percentile: the noise of the machine. */
  readonly lagMs: number;
  /** First failures, as a person would count them: kind and detail → number. */
  readonly kinds: Readonly<Record<string, number>>;
}

function phaseOf(report: LoadReport, name: string): PhaseReport | undefined {
  return report.phases.find((phase) => phase.name === name);
}

/** `1.2 ×3, 4.0`: tenths of seconds in which the slow requests were due. Pure. */
export function describeSlowest(slowest: readonly Slow[]): string {
  const counts = new Map<string, number>();
  for (const { dueMs } of slowest) {
    const tenth = (Math.floor(dueMs / 100) / 10).toFixed(1);
    counts.set(tenth, (counts.get(tenth) ?? 0) + 1);
  }
  return [...counts].map(([tenth, count]) => (count === 1 ? tenth : `${tenth} ×${String(count)}`)).join(', ');
}

/** Joins the plain load and the one of slow requests. Pure. */
export function readSighting(plain: LoadReport, slow: LoadReport): Sighting {
  const failures = [...plain.failures, ...slow.failures];
  const resets = failures.filter(({ kind, isKeepAlive }) => kind === 'reset' && isKeepAlive).length;
  const kinds: Record<string, number> = {};
  for (const { kind, detail, method } of failures) {
    const name = `${kind} ${detail} ${method}`;
    kinds[name] = (kinds[name] ?? 0) + 1;
  }
  const before = [phaseOf(plain, 'before'), phaseOf(slow, 'before')].map((phase) => phase?.failed ?? 0);
  const p99BeforeMs = phaseOf(plain, 'before')?.latency.p99 ?? 0;
  return {
    wasSteady: p99BeforeMs <= STEADY_MS && before.every((failed) => failed === 0),
    sent: plain.sent + slow.sent,
    failed: plain.failed + slow.failed - resets,
    resets,
    p99BeforeMs,
    p99DuringMs: phaseOf(plain, 'during')?.latency.p99 ?? 0,
    slowest: phaseOf(plain, 'during')?.slowest ?? [],
    lagMs: plain.sendLag.p99,
    kinds,
  };
}

/** Loads a stage, lets `change` happen in the middle, and goes on until the app that it brings has surely started. */
async function watch<T>(
  stage: BenchStage,
  change: () => Promise<T>,
): Promise<{ readonly seen: Sighting; readonly result: T }> {
  const url = stage.url;
  if (url === undefined) throw new RangeError(`${stage.project} has no proxy to load`);
  const common = { post: LOAD.post, limitMs: LOAD.limitMs, seconds: 300, phase: 'warm-up' } as const;
  const loads: Load[] = [];
  try {
    // What is late shall be the server, not the clock of the generator, which would be on another machine.
    const how = { goesFirst: true };
    loads.push(await startLoad({ url, rate: LOAD.rate, ...common }, how));
    loads.push(await startLoad({ url: `${url}?ms=${String(LOAD.slowMs)}`, rate: LOAD.slowRate, ...common }, how));
    // The generator's own first second, its connections and compiled code, is nobody's latency.
    await pause(WARM_UP_MS);
    for (const load of loads) load.mark('before');
    await pause(BEFORE_MS);
    for (const load of loads) load.mark('during');
    const result = await change();
    for (const load of loads) load.mark('after');
    await pause(AFTER_MS + stage.boot.bootMs);
    const [plain, slow] = await Promise.all(loads.map((load) => load.stop()));
    if (plain === undefined || slow === undefined) throw new RangeError('a load is missing');
    return { seen: readSighting(plain, slow), result };
  } finally {
    for (const load of loads) load.kill();
  }
}

/**
 * Repeats a watched change while the machine was too busy before it. What was seen during a change never makes a run
 * count less; the last attempt counts in any case.
 */
export async function watchSteadily<T>(
  stage: BenchStage,
  change: () => Promise<T>,
  say: (text: string) => void,
): Promise<{ readonly seen: Sighting; readonly result: T }> {
  for (let attempt = 1; ; attempt++) {
    const watched = await watch(stage, change);
    if (watched.seen.wasSteady || attempt === ATTEMPTS) return watched;
    const { p99BeforeMs, failed } = watched.seen;
    say(
      `${stage.project}: not counted, p99 was ${String(p99BeforeMs)} ms with nothing going on (${String(failed)} failed in all)`,
    );
  }
}
