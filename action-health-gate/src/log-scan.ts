import { describeThrown } from '@deploy-actions/kit/action/errors';
import { lastLines, type Host } from '@deploy-actions/kit/host/host';
import type { Container } from './container.ts';
import { searchPattern, type Pattern } from './pattern.ts';
import { quoteText } from './quote.ts';

/** What a log scan looks for, and how far it looks back. */
export interface LogScan {
  readonly patterns: readonly Pattern[];
  /** For `docker logs --since`: an RFC 3339 time, or a length of time up to now. */
  readonly since: string;
}

/** Per container; what was said last is what counts. */
const captureBytes = 4 * 1024 * 1024;
const mostLines = 5000;
const longestLine = 2000;
const mostMatches = 5;

/** $1 since, $2 lines, $3 container. */
const logScript = 'docker logs --since "$1" --tail "$2" "$3" 2>&1';

/**
 * Searches what containers have logged since the deploy began.
 * @returns one line for each container and pattern that was found; a log that cannot be read is one, too: a scan that did
 * not take place must not look like one that found nothing
 */
export async function scanLogs(
  host: Host,
  containers: readonly Container[],
  scan: LogScan,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = await Promise.all(
    containers.map(async ({ id, name }) => {
      try {
        const args = [scan.since, String(mostLines), id];
        const result = await host.script(logScript, args, { timeoutMs: 30_000, signal, maxCaptureBytes: captureBytes });
        if (result.code === 0) return findMatches(name, result.stdout, scan.patterns);
        return [`${name}: its log could not be read: ${lastLines(result.stdout, 1)[0] ?? ''}`];
      } catch (thrown) {
        signal.throwIfAborted();
        return [`${name}: its log could not be read: ${describeThrown(thrown)}`];
      }
    }),
  );
  return found.flat();
}

/** The first line of a log that each pattern is found in. Pure. */
export function findMatches(name: string, log: string, patterns: readonly Pattern[]): readonly string[] {
  const lines = log.split('\n').map((line) => line.slice(0, longestLine));
  const matches = patterns.flatMap((pattern) => {
    // One search over the whole log first: a search of its own for each of thousands of lines would take a second.
    if (searchPattern(pattern, lines.join('\n')) === 'absent') return [];
    for (const line of lines) {
      const search = searchPattern(pattern, line);
      if (search === 'found') return [`${name} logged what matches /${pattern}/: ${quoteText(line)}`];
      if (search === 'slow') return [`${name}: /${pattern}/ was given up on one of its log lines`];
    }
    return [];
  });
  return matches.slice(0, mostMatches);
}
