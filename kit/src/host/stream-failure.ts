import type { Readable } from 'node:stream';

/** Tells what a stream failed with, once; also where that was before anybody listened, which its `error` event does not. */
export function onStreamFailure(stream: Readable, tell: (failure: unknown) => void): void {
  if (stream.errored === null) stream.once('error', tell);
  else tell(stream.errored);
}
