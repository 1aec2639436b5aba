/** One line of a container's log. */
export interface LogLine {
  /** Docker's time stamp, RFC 3339 with nine decimals; empty where Docker wrote none. */
  readonly stamp: string;
  readonly text: string;
}

const longestLine = 4000;

/** Splits what `docker logs --timestamps` wrote: `2026-11-21T02:55:04.123456789Z the line`. */
export function parseLogLine(line: string): LogLine {
  const match = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))(?: (.*))?$/s.exec(line);
  if (match?.[1] === undefined) return { stamp: '', text: cleanText(line) };
  return { stamp: match[1], text: cleanText(match[2] ?? '') };
}

/**
 * What a terminal would show in the end: a progress bar's last state, no control characters save colours, a bounded
 * length. `##[…]` would be a command to the runner wherever it stands in a line, so it is broken up.
 */
export function cleanText(text: string): string {
  const shown = text.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  const clean = shown
    // eslint-disable-next-line no-control-regex -- colours (ESC [ … m) stay, every other control character goes
    .replaceAll(/\u001b\[(?![\d;]*m)[\d;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g, '')
    .replaceAll('##[', '## [');
  return clean.length > longestLine ? `${clean.slice(0, longestLine)} … (${clean.length} characters)` : clean;
}

/**
 * `  12.3s | the line`: the time since the container started. The prefix also keeps a line that begins with `::` from
 * being a workflow command.
 */
export function formatLogLine(line: LogLine, startedAtMs: number): string {
  return `${formatElapsed(line.stamp, startedAtMs)} | ${line.text}`;
}

function formatElapsed(stamp: string, startedAtMs: number): string {
  const at = Date.parse(stamp);
  if (Number.isNaN(at)) return ' '.repeat(8);
  return `${Math.max(0, (at - startedAtMs) / 1000).toFixed(1)}s`.padStart(8);
}
