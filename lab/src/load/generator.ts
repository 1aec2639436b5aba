import { createLoadClient } from './load-client.ts';
import type { LoadOptions } from './load-options.ts';
import { LoadRecorder, type LoadReport } from './load-report.ts';
import { scheduleRequest } from './schedule.ts';

/** A load in progress in this process. */
export interface Generator {
  readonly mark: (phase: string) => void;
  /** Sends nothing more, waits for the answers that are still due, reports. */
  readonly stop: () => Promise<LoadReport>;
  /** Resolves when the load has ended, by `stop` or by its time. */
  readonly ended: Promise<LoadReport>;
  readonly counts: () => { readonly sent: number; readonly failed: number };
}

/** Starts to send at once: open loop, request `n` at `n / rate` seconds, whatever became of the ones before. */
export function startGenerator(options: LoadOptions): Generator {
  const client = createLoadClient(new URL(options.url), options.limitMs);
  const recorder = new LoadRecorder();
  const startedAt = Date.now();
  const origin = performance.now();
  const nowMs = (): number => performance.now() - origin;
  const pending = new Set<Promise<void>>();
  const total = Math.ceil(options.rate * options.seconds);
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let resolveEnd: (report: LoadReport) => void = () => undefined;
  const ended = new Promise<LoadReport>((resolve) => (resolveEnd = resolve));

  const send = (): void => {
    const request = scheduleRequest(next++, options);
    const settle = recorder.begin(request, nowMs());
    const exchange = client.send(request).then((answer) => {
      settle(answer, nowMs());
      pending.delete(exchange);
    });
    pending.add(exchange);
  };
  const stop = async (): Promise<LoadReport> => {
    if (isStopping) return ended;
    isStopping = true;
    clearTimeout(timer);
    await Promise.all(pending);
    client.close();
    resolveEnd(recorder.report({ url: options.url, rate: options.rate, startedAt }, nowMs()));
    return ended;
  };
  const tick = (): void => {
    while (next < total && scheduleRequest(next, options).dueMs <= nowMs()) send();
    if (next >= total) void stop();
    else timer = setTimeout(tick, Math.max(1, scheduleRequest(next, options).dueMs - nowMs()));
  };
  recorder.mark(options.phase, 0);
  tick();
  return {
    mark: (phase) => recorder.mark(phase, nowMs()),
    stop,
    ended,
    counts: () => ({ sent: recorder.sent, failed: recorder.failed }),
  };
}
