import { describe, expect, it } from 'vitest';
import { cleanText, formatLogLine, parseLogLine } from '../src/log-line.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const show = (line: string): string => formatLogLine(parseLogLine(line), start);

describe('a line of a container log', () => {
  it('is shown with the time since the container started', () => {
    expect(show('2026-01-01T00:00:12.345678901Z Applying shop.0002… OK')).toBe('   12.3s | Applying shop.0002… OK');
  });

  it('may be empty', () => {
    expect(show('2026-01-01T00:00:01.000000000Z ')).toBe('    1.0s | ');
    expect(show('2026-01-01T00:00:01.000000000Z')).toBe('    1.0s | ');
  });

  it('is no workflow command to the runner', () => {
    expect(show('2026-01-01T00:00:01.000000000Z ::set-output name=x::y')).not.toMatch(/^\s*::/);
    expect(show('2026-01-01T00:00:01.000000000Z a ##[error]b')).not.toContain('##[');
  });

  it('is kept where Docker wrote no time', () => {
    expect(show('Error response from daemon')).toBe('         | Error response from daemon');
  });

  it('shows the last state of a progress bar, keeps colours and drops other control characters', () => {
    expect(cleanText('10%\r50%\r100%\r')).toBe('100%');
    expect(cleanText('\u001b[32mok\u001b[0m\u001b[2K\u0007')).toBe('\u001b[32mok\u001b[0m');
  });

  it('is cut when it is endless', () => {
    expect(cleanText('x'.repeat(5000))).toMatch(/^x{4000} … \(5000 characters\)$/);
  });
});
