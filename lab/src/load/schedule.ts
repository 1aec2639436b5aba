import type { LoadOptions } from './load-options.ts';

/** One request of the schedule. */
export interface ScheduledRequest {
  readonly index: number;
  /** When it is due, in ms after the start. */
  readonly dueMs: number;
  readonly method: 'GET' | 'POST';
  readonly isKeepAlive: boolean;
}

/** The request number `index`: evenly spaced, POSTs spread evenly, kept and fresh connections in turn. */
export function scheduleRequest(
  index: number,
  options: Pick<LoadOptions, 'rate' | 'post' | 'keepAlive'>,
): ScheduledRequest {
  const isPost = Math.floor((index + 1) * options.post) > Math.floor(index * options.post);
  return {
    index,
    dueMs: (index * 1_000) / options.rate,
    method: isPost ? 'POST' : 'GET',
    isKeepAlive: options.keepAlive === 'both' ? index % 2 === 0 : options.keepAlive === 'yes',
  };
}
