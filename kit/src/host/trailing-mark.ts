import { randomBytes } from 'node:crypto';
import { quoteWord } from './quote.ts';

/** A program that tells when it ended with 255 itself, and its stderr without that note. */
export interface Told {
  readonly wrapped: string;
  readonly onStderr: (chunk: Buffer) => void;
  /** Hands out what was held back. */
  readonly end: () => void;
  readonly isTold: () => boolean;
}

/**
 * `ssh` ends with the command's exit status, and with 255 when the connection broke. So that the two can be told apart, a
 * program that ends with 255 says so in a mark at the end of stderr.
 */
export function tellExit255(program: string, onStderr: (chunk: Buffer) => void): Told {
  const mark = Buffer.from(`\u0001${randomBytes(9).toString('hex')}\u0002`);
  let held = Buffer.alloc(0);
  let isTold = false;
  const hand = (chunk: Buffer): void => {
    if (chunk.length > 0) onStderr(chunk);
  };
  return {
    wrapped: `(\n${program}\n)\ncode=$?\n[ "$code" -ne 255 ] || printf %s ${quoteWord(mark.toString())} >&2\nexit "$code"`,
    isTold: () => isTold,
    onStderr: (chunk) => {
      const text = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const at = text.indexOf(mark);
      isTold ||= at >= 0;
      const rest = at < 0 ? text : Buffer.concat([text.subarray(0, at), text.subarray(at + mark.length)]);
      const start = startOfPart(rest, mark);
      hand(rest.subarray(0, start));
      held = Buffer.from(rest.subarray(start));
    },
    end: () => {
      hand(held);
      held = Buffer.alloc(0);
    },
  };
}

/** Where the end of a text may be the beginning of the mark. */
function startOfPart(text: Buffer, mark: Buffer): number {
  const at = text.lastIndexOf(mark[0] ?? 0);
  const isPart = at >= 0 && mark.subarray(0, text.length - at).equals(text.subarray(at));
  return isPart ? at : text.length;
}
