/** What JSON of unknown shape is read as; each reader says nothing where the value is not of its kind. */
export type Json = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one for anything else, so that readers need no special case. */
export function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** The value as a list; an empty one for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that says something; undefined for the empty one too. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A text, the empty one for anything else: as Docker's templates print what is not there. */
export function textOf(value: unknown): string {
  return asText(value) ?? '';
}

/** Names with text values; numbers and booleans as Docker prints them. */
export function asTexts(value: unknown): Readonly<Record<string, string>> {
  const isPlain = (entry: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof entry);
  return Object.fromEntries(
    Object.entries(asObject(value)).flatMap(([key, entry]) => (isPlain(entry) ? [[key, String(entry)]] : [])),
  );
}
