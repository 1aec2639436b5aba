import { ConfigurationError } from '../action/errors.ts';

declare const brand: unique symbol;
/** A length of time in whole milliseconds; made by {@link parseDuration} or {@link milliseconds}. */
export type Duration = number & { readonly [brand]: 'Duration' };

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const longestMs = 30 * unitMs.d;

/** A duration made in code. */
export function milliseconds(ms: number): Duration {
  return Math.round(ms) as Duration;
}

/**
 * Reads `500ms`, `10s`, `1m30s`, `2h`. A bare number is refused, because tools that guess its unit misled their users
 * (iFaxity/wait-on-action#103); `0` alone is allowed.
 * @param subject what the value belongs to, for the message: ``input `deadline` ``
 * @throws ConfigurationError
 */
export function parseDuration(text: string, subject: string): Duration {
  const value = text.trim();
  if (value === '0') return milliseconds(0);
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * unitMs[part[2] as keyof typeof unitMs], 0);
  const isWhole = parts.length > 0 && parts.map((part) => part[0]).join('') === value;
  if (!isWhole || ms > longestMs) {
    const bare = /^\d+(\.\d+)?$/.test(value);
    throw new ConfigurationError(
      `${subject}: ${JSON.stringify(text)} is not a duration.`,
      bare
        ? `Give the unit: ${value}s, ${value}ms or ${value}m.`
        : 'Write it like 500ms, 10s, 1m30s or 2h (at most 30d).',
    );
  }
  return milliseconds(ms);
}

/** `850ms`, `4.2s`, `3m 07s`: for people. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}
