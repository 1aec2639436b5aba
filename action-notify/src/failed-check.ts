import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { isRecord } from './json.ts';
import { cleanLine } from './plain-text.ts';

/** A check of the health gate that was red, and what it saw last. */
export interface FailedCheck {
  readonly name: string;
  readonly reason: string;
}

/**
 * Reads `failed-checks` as health-gate gives it, a JSON list. Those that were allowed to fail are left out: the gate does not
 * depend on them.
 * @throws ConfigurationError
 */
export function parseFailedChecks(text: string | undefined): readonly FailedCheck[] {
  if (text === undefined) return [];
  const list = parseList(text);
  return list.filter((entry) => entry['allowed'] !== true).map(readCheck);
}

function readCheck({ name, reason }: Readonly<Record<string, unknown>>): FailedCheck {
  if (typeof name !== 'string' || typeof reason !== 'string') throw notTheOutput();
  return { name: cleanLine(name), reason: cleanLine(reason) };
}

function parseList(text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every(isRecord)) return value;
  } catch {
    // Told below, without the parser's words.
  }
  throw notTheOutput();
}

function notTheOutput(): ConfigurationError {
  return new ConfigurationError(
    'input `failed-checks`: it is not what the output `failed-checks` of action-health-gate gave.',
    'Give ${{ steps.<id>.outputs.failed-checks }} of the gate; where the gate did not run, that is empty.',
  );
}
