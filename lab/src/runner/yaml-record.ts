import { assertUsage } from './error.ts';

/** A YAML mapping whose values are not known yet. */
export type YamlRecord = Readonly<Record<string, unknown>>;

/** Throws HarnessError naming `where` unless the value is a mapping. */
export function asRecord(value: unknown, where: string): YamlRecord {
  assertUsage(typeof value === 'object' && value !== null && !Array.isArray(value), `${where}: expected a mapping`);
  return value as YamlRecord;
}

/** A scalar as the text a runner would make of it; undefined when absent. */
export function optionalText(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  assertUsage(
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean',
    `${where}: expected a scalar`,
  );
  return String(value);
}

/** As optionalText, required. */
export function asText(value: unknown, where: string): string {
  const text = optionalText(value, where);
  assertUsage(text !== undefined, `${where}: missing`);
  return text;
}

/** A mapping of scalars; empty when absent. */
export function asTexts(value: unknown, where: string): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [name, entry] of Object.entries(asRecord(value ?? {}, where)))
    texts[name] = optionalText(entry, `${where}.${name}`) ?? '';
  return texts;
}

/** Fails closed: throws HarnessError on a key that is not in `allowed`. */
export function assertKeys(record: YamlRecord, allowed: readonly string[], where: string): void {
  for (const key of Object.keys(record))
    assertUsage(allowed.includes(key), `${where}: the key ${key} is not supported by this harness`);
}
