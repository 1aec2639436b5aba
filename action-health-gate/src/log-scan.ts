import { describeThrown } from '@deploy-actions/kit/action/errors';
import { lastLines, type Host } from '@deploy-actions/kit/host/host';
import { listContainers, type Container } from './container.ts';
import { rethrowTerminal } from './dial.ts';
import { searchPattern, type Pattern } from './pattern.ts';
import { quoteText } from './quote.ts';

/** What a log scan looks for, and where. */
export interface LogScan {
  readonly host: Host;
  readonly projectName: string;
  readonly services: readonly string[];
  readonly patterns: readonly Pattern[];
  /** For `docker logs --since`: an RFC 3339 time, or a length of time up to now. */
  readonly since: string;
  readonly signal: AbortSignal;
}

/** Per container; what was said last is what counts. */
const captureBytes = 4 * 1024 * 1024;
const mostLines = 5000;
const longestLine = 2000;
const mostMatches = 5;

/** $1 since, $2 lines, $3 container. */
const logScript = 'docker logs --since "$1" --tail "$2" "$3" 2>&1';

/**
 * Searches what the containers of services have logged since the deploy began.
 * @returns one line for each container and pattern that was found; a log that cannot be read is one, too: a scan that did
 * not take place must not look like one that found nothing
 */
export async function scanLogs(scan: LogScan): Promise<readonly string[]> {
  const { host, projectName, services, signal } = scan;
  try {
    const containers = await listContainers(host, projectName, services, { timeoutMs: 20_000, signal });
    if (containers.length === 0) return [`no container of ${services.join(', ')} is left to be searched`];
    return (await Promise.all(containers.map((container) => scanLog(scan, container)))).flat();
  } catch (thrown) {
    return unreadable(scan, `the logs of ${services.join(', ')}`, thrown);
  }
}

async function scanLog(scan: LogScan, { id, name }: Container): Promise<readonly string[]> {
  const { host, signal } = scan;
  const args = [scan.since, String(mostLines), id];
  try {
    const result = await host.script(logScript, args, { timeoutMs: 30_000, signal, maxCaptureBytes: captureBytes });
    if (result.code === 0) return findMatches(name, result.stdout, scan.patterns);
    return [`the log of ${name} could not be read: ${lastLines(result.stdout, 1)[0] ?? ''}`];
  } catch (thrown) {
    return unreadable(scan, `the log of ${name}`, thrown);
  }
}

function unreadable({ signal }: LogScan, what: string, thrown: unknown): readonly string[] {
  signal.throwIfAborted();
  rethrowTerminal(thrown, signal);
  return [`${what} could not be read: ${describeThrown(thrown)}`];
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
