import { StringDecoder } from 'node:string_decoder';

/** What one stream of a command has delivered so far. */
export interface OutputReader {
  readonly push: (chunk: Buffer) => void;
  /** Hands out the last, unfinished line. */
  readonly end: () => void;
  /** `waiting` until the launcher's mark was seen, then the word behind it. */
  state(): 'waiting' | 'ok' | 'cwd';
  /** What the command wrote, up to the limit. */
  text(): string;
  /** What stood before the mark: login scripts, or the reason why the command never began. */
  noise(): string;
  isTruncated(): boolean;
}

export interface OutputOptions {
  readonly token: string;
  readonly maxCaptureBytes: number;
  readonly onLine?: ((line: string) => void) | undefined;
}

/** A login script that talks without end must not fill the memory. */
const longestNoise = 64 * 1024;
/** A line longer than this (characters) is handed out in pieces. */
const longestLine = 1024 * 1024;

/** Reads one stream of a command: drops what stands before the launcher's mark, captures and streams lines after it. */
export function readOutput(options: OutputOptions): OutputReader {
  const mark = Buffer.from(`${options.token} `);
  const lines = splitLines(options.onLine);
  const captured: Buffer[] = [];
  let capturedBytes = 0;
  let isTruncated = false;
  let state: 'waiting' | 'ok' | 'cwd' = 'waiting';
  let before = Buffer.alloc(0);

  const take = (chunk: Buffer): void => {
    if (chunk.length === 0) return;
    lines.push(chunk);
    const room = options.maxCaptureBytes - capturedBytes;
    if (chunk.length > room) isTruncated = true;
    if (room <= 0) return;
    captured.push(chunk.subarray(0, room));
    capturedBytes += Math.min(chunk.length, room);
  };
  const seek = (chunk: Buffer): void => {
    before = Buffer.concat([before, chunk]);
    const start = before.indexOf(mark);
    const end = start < 0 ? -1 : before.indexOf('\n', start);
    if (end < 0) {
      if (start < 0 && before.length > longestNoise) before = before.subarray(before.length - longestNoise);
      return;
    }
    const rest = before.subarray(end + 1);
    state = before.toString('utf8', start + mark.length, end) === 'ok' ? 'ok' : 'cwd';
    before = before.subarray(0, start);
    take(rest);
  };
  return {
    push: (chunk) => {
      if (state === 'waiting') seek(chunk);
      else take(chunk);
    },
    end: () => {
      lines.end();
    },
    state: () => state,
    // A decoder drops the half character that the limit may have cut; `end()` would add U+FFFD for it.
    text: () => {
      const whole = Buffer.concat(captured);
      return isTruncated ? new StringDecoder('utf8').write(whole) : whole.toString('utf8');
    },
    noise: () => before.toString('utf8'),
    isTruncated: () => isTruncated,
  };
}

interface LineSplitter {
  push(chunk: Buffer): void;
  end(): void;
}

/** Complete lines without their line end, decoded across chunk borders. */
export function splitLines(onLine: ((line: string) => void) | undefined): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let open = '';
  const emit = (line: string): void => {
    onLine?.(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
  const feed = (text: string): void => {
    const parts = text.split('\n');
    open += parts[0] ?? '';
    for (const part of parts.slice(1)) {
      emit(open);
      open = part;
    }
    if (open.length > longestLine) {
      emit(open);
      open = '';
    }
  };
  return {
    push: (chunk) => {
      if (onLine !== undefined) feed(decoder.write(chunk));
    },
    end: () => {
      if (onLine === undefined) return;
      feed(decoder.end());
      if (open !== '') emit(open);
      open = '';
    },
  };
}
