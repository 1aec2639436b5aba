import { lastLines, type Host } from '@deploy-actions/kit/host/host';
import { formatLogLine, parseLogLine } from './log-line.ts';

/** $1 container, $2 number of lines to begin with, $3 time to begin at or empty, $4 `follow` or empty. One stream keeps the order. */
const logScript = `exec docker logs --timestamps --tail "$2" \${3:+--since "$3"} \${4:+--follow} "$1" 2>&1`;

const tailLength = 40;
/** A long migration's whole log is on the server; a re-attach shows its end. */
const reattachedLines = '1000';

/** What was read of one container's log: nothing is shown twice when the connection breaks and comes back. */
export interface OneOffLog {
  /** Reads until the container ends, or until the signal aborts. Never rejects: a log that cannot be read stops no migration. */
  follow(host: Host, limits: ReadLimits): Promise<void>;
  /** Reads what is there. */
  read(host: Host, limits: ReadLimits): Promise<void>;
  /** The last lines, as they were shown. */
  tail(): readonly string[];
}

interface ReadLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface LogOptions {
  readonly containerName: string;
  /** The container ran before this step looked. */
  readonly isReattached: boolean;
  readonly startedAtMs: () => number;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

/** The reader of one container's log. */
export function openLog(options: LogOptions): OneOffLog {
  const tail: string[] = [];
  let newest = '';
  let hasWarned = false;

  const run = async (host: Host, limits: ReadLimits, mode: 'follow' | ''): Promise<void> => {
    const since = newest;
    const onLine = (raw: string): void => {
      const line = parseLogLine(raw);
      // `--since` includes its own instant; the stamps have a fixed width, so that text order is time order.
      if (since !== '' && line.stamp <= since) return;
      if (line.stamp > newest) newest = line.stamp;
      const shown = formatLogLine(line, options.startedAtMs());
      tail.push(shown);
      if (tail.length > tailLength) tail.shift();
      options.print(shown);
    };
    const lines = options.isReattached && since === '' ? reattachedLines : 'all';
    const result = await host.script(logScript, [options.containerName, lines, since, mode], {
      ...limits,
      onStdoutLine: onLine,
      maxCaptureBytes: 4096,
    });
    if (result.code === 0 || hasWarned) return;
    hasWarned = true;
    options.warn(`The log of ${options.containerName} cannot be read: ${lastLines(result.stdout, 1)[0] ?? ''}`);
  };
  return {
    // Lost connections and time limits are the business of the wait beside it.
    follow: (host, limits) => run(host, limits, 'follow').catch(() => undefined),
    read: (host, limits) => run(host, limits, '').catch(() => undefined),
    tail: () => [...tail],
  };
}
