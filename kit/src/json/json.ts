/** What JSON of unknown shape is read as; each reader says nothing where the value is not of its kind. */
export type Json = Readonly<Record<string, unknown>>;

export const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Names with text values; numbers and booleans as Docker prints them. */
export function asTexts(value: unknown): Readonly<Record<string, string>> {
  const isPlain = (entry: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof entry);
  return Object.fromEntries(
    Object.entries(asObject(value)).flatMap(([key, entry]) => (isPlain(entry) ? [[key, String(entry)]] : [])),
  );
}
