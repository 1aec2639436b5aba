/** The HTTP status codes that count as success: inclusive ranges. */
export type StatusSet = readonly { readonly from: number; readonly to: number }[];

/** Reads `200`, `200-299` and lists of them (`200-299,304`). Undefined when the text is anything else. */
export function readStatusSet(text: string): StatusSet | undefined {
  const ranges = text.split(',').map((part) => /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part));
  const set = ranges.flatMap((match) => {
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    return from <= to ? [{ from, to }] : [];
  });
  return set.length === ranges.length ? set : undefined;
}

export function isInStatusSet(set: StatusSet, status: number): boolean {
  return set.some((range) => status >= range.from && status <= range.to);
}

export function formatStatusSet(set: StatusSet): string {
  return set.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
