import type { Answer, FailureKind } from './load-client.ts';
import type { ScheduledRequest } from './schedule.ts';

/** One request that failed. Times in ms after the start of the load. */
export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
  readonly phase: string;
  readonly sentMs: number;
  readonly endedMs: number;
  readonly method: 'GET' | 'POST';
  readonly isKeepAlive: boolean;
}

/** Latency counted from the time a request was due, so that a server that stalls cannot hide it. In ms. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** One slow request: when it was due, in ms after the start of its phase, and its latency. */
export interface Slow {
  readonly dueMs: number;
  readonly latencyMs: number;
}

/** How often a version answered; times in ms after the start. */
export interface ShaSightings {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The requests that were sent while one phase was marked. */
export interface PhaseReport {
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly sent: number;
  readonly posts: number;
  readonly keptAlive: number;
  readonly failed: number;
  readonly failuresByKind: Readonly<Partial<Record<FailureKind, number>>>;
  readonly latency: Latency;
  /** The slowest hundredth of its requests, at most SLOWEST_KEPT, in the order in which they were due. */
  readonly slowest: readonly Slow[];
  /** By git_sha; answers that named none are under `(none)`. */
  readonly shas: Readonly<Record<string, ShaSightings>>;
}

/** All that a load saw. */
export interface LoadReport {
  readonly url: string;
  readonly rate: number;
  /** Wall clock of the start, ms since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly sent: number;
  readonly failed: number;
  /** The first ones, at most FAILURES_KEPT; counts are complete. */
  readonly failures: readonly Failure[];
  readonly phases: readonly PhaseReport[];
  readonly shas: Readonly<Record<string, ShaSightings>>;
  /** How late this process sent requests, in ms: a large value says that the machine, not the server, was slow. */
  readonly sendLag: Latency;
}

export const FAILURES_KEPT = 500;
export const SLOWEST_KEPT = 50;

/** @param values in any order; empty gives zeros. */
export function measureLatency(values: readonly number[]): Latency {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number =>
    Math.round((sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/** @param dues of the same requests as `latencies`, on the clock of `startMs` */
export function findSlowest(latencies: readonly number[], dues: readonly number[], startMs: number): readonly Slow[] {
  const tenth = (ms: number): number => Math.round(ms * 10) / 10;
  return latencies
    .map((latencyMs, index) => ({ dueMs: tenth((dues[index] ?? 0) - startMs), latencyMs: tenth(latencyMs) }))
    .sort((a, b) => b.latencyMs - a.latencyMs)
    .slice(0, Math.min(SLOWEST_KEPT, Math.ceil(latencies.length / 100)))
    .sort((a, b) => a.dueMs - b.dueMs);
}

interface PhaseRecord {
  readonly name: string;
  readonly startMs: number;
  endMs: number;
  sent: number;
  posts: number;
  keptAlive: number;
  failed: number;
  readonly byKind: Partial<Record<FailureKind, number>>;
  readonly latencies: number[];
  /** When the requests of `latencies` were due, in ms after the start of the load. */
  readonly dues: number[];
  readonly shas: Map<string, { count: number; firstMs: number; lastMs: number }>;
}

/** Collects what became of the requests. Times are ms after the start. */
export class LoadRecorder {
  private readonly phases: PhaseRecord[] = [];
  private readonly failures: Failure[] = [];
  private readonly lags: number[] = [];
  private sentCount = 0;
  private failedCount = 0;

  get sent(): number {
    return this.sentCount;
  }

  get failed(): number {
    return this.failedCount;
  }

  /** Requests sent from now on belong to `name`. A name marked twice makes two phases. */
  mark(name: string, nowMs: number): void {
    const last = this.phases.at(-1);
    if (last !== undefined) last.endMs = nowMs;
    this.phases.push({
      name,
      startMs: nowMs,
      endMs: nowMs,
      sent: 0,
      posts: 0,
      keptAlive: 0,
      failed: 0,
      byKind: {},
      latencies: [],
      dues: [],
      shas: new Map(),
    });
  }

  /** Notes that a request is sent; give the answer to the function it returns. */
  begin(request: ScheduledRequest, sentMs: number): (answer: Answer, endedMs: number) => void {
    const phase = this.phases.at(-1);
    if (phase === undefined) throw new RangeError('no phase is marked');
    this.sentCount += 1;
    phase.sent += 1;
    if (request.method === 'POST') phase.posts += 1;
    if (request.isKeepAlive) phase.keptAlive += 1;
    this.lags.push(sentMs - request.dueMs);
    return (answer, endedMs) => {
      phase.latencies.push(endedMs - request.dueMs);
      phase.dues.push(request.dueMs);
      if (answer.isOk || answer.sha !== undefined) this.see(phase, answer.sha ?? '(none)', endedMs);
      if (!answer.isOk)
        this.fail(phase, {
          kind: answer.kind,
          detail: answer.detail,
          phase: phase.name,
          sentMs,
          endedMs,
          method: request.method,
          isKeepAlive: request.isKeepAlive,
        });
    };
  }

  report(facts: Pick<LoadReport, 'url' | 'rate' | 'startedAt'>, nowMs: number): LoadReport {
    const last = this.phases.at(-1);
    if (last !== undefined) last.endMs = nowMs;
    const phases = this.phases.map(({ byKind, latencies, dues, shas, ...counts }): PhaseReport => ({
      ...counts,
      failuresByKind: byKind,
      latency: measureLatency(latencies),
      slowest: findSlowest(latencies, dues, counts.startMs),
      shas: Object.fromEntries(shas),
    }));
    return {
      ...facts,
      durationMs: nowMs,
      sent: this.sentCount,
      failed: this.failedCount,
      failures: this.failures,
      phases,
      shas: joinSightings(phases),
      sendLag: measureLatency(this.lags),
    };
  }

  private see(phase: PhaseRecord, sha: string, atMs: number): void {
    const seen = phase.shas.get(sha);
    if (seen === undefined) phase.shas.set(sha, { count: 1, firstMs: atMs, lastMs: atMs });
    else {
      seen.count += 1;
      seen.lastMs = atMs;
    }
  }

  private fail(phase: PhaseRecord, failure: Failure): void {
    this.failedCount += 1;
    phase.failed += 1;
    phase.byKind[failure.kind] = (phase.byKind[failure.kind] ?? 0) + 1;
    if (this.failures.length < FAILURES_KEPT) this.failures.push(failure);
  }
}

function joinSightings(phases: readonly PhaseReport[]): Readonly<Record<string, ShaSightings>> {
  const joined: Record<string, ShaSightings> = {};
  for (const [sha, seen] of phases.flatMap((phase) => Object.entries(phase.shas))) {
    const before = joined[sha];
    joined[sha] =
      before === undefined
        ? seen
        : {
            count: before.count + seen.count,
            firstMs: Math.min(before.firstMs, seen.firstMs),
            lastMs: Math.max(before.lastMs, seen.lastMs),
          };
  }
  return joined;
}
