declare const brand: unique symbol;
/** A path into a JSON document: object keys and array indexes, outermost first. */
export type JsonPath = readonly (string | number)[] & { readonly [brand]: 'JsonPath' };

/**
 * Reads the subset of JSON paths that health pages need: `git_sha`, `build.sha`, `items[0].id`, `["odd key"]`, each with an
 * optional leading `$`. Undefined when the text is anything else.
 */
export function readJsonPath(text: string): JsonPath | undefined {
  const rest = text.trim().replace(/^\$\.?/, '');
  const step = /\.?([A-Za-z_][\w-]*)|\[(\d{1,6})\]|\[(?:"([^"\]]+)"|'([^'\]]+)')\]/y;
  const path: (string | number)[] = [];
  while (step.lastIndex < rest.length) {
    if (path.length === 0 && rest.startsWith('.')) return undefined;
    if (path.length > 0 && /[A-Za-z_]/.test(rest[step.lastIndex] ?? '')) return undefined;
    const match = step.exec(rest);
    if (match === null) return undefined;
    path.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? '') : Number(match[2]));
  }
  return path.length === 0 ? undefined : (path as readonly (string | number)[] as JsonPath);
}

/** The value at a path; undefined when there is none. Inherited properties do not count. */
export function valueAt(document: unknown, path: JsonPath): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}

/** A path for people, as they would type it. */
export function formatJsonPath(path: JsonPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}
