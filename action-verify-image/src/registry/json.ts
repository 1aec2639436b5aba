import type { Json } from '@deploy-actions/kit/json/json';

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A size in bytes; undefined for anything that is none. */
export function asSize(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The object in these bytes, or undefined when they are not one JSON object in UTF-8. */
export function parseJson(bytes: Uint8Array): Json | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
