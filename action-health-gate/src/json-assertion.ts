import { formatJsonPath, valueAt, type JsonPath } from './json-path.ts';
import { quoteText } from './quote.ts';
import { searchLimitMs, searchPattern, type Pattern } from './pattern.ts';

/** A value of JSON that is no list and no object. */
export type Scalar = string | number | boolean | null;

/** What must hold for the value at a path of a JSON answer. */
export type JsonAssertion = { readonly path: JsonPath } & (
  | { readonly rule: 'equals'; readonly value: Scalar }
  | { readonly rule: 'one-of'; readonly values: readonly Scalar[] }
  | { readonly rule: 'prefix'; readonly text: string }
  | { readonly rule: 'regex'; readonly pattern: Pattern }
  | { readonly rule: 'exists'; readonly isExpected: boolean }
);

/** Why a document does not meet an assertion; undefined when it does. Types count: `1` is not `"1"`. */
export function missedAssertion(document: unknown, assertion: JsonAssertion): string | undefined {
  const value = valueAt(document, assertion.path);
  const where = `\`${formatJsonPath(assertion.path)}\``;
  if (assertion.rule === 'exists') {
    if ((value !== undefined) === assertion.isExpected) return undefined;
    return assertion.isExpected ? `the body has no ${where}` : `${where} is ${show(value)}, expected none`;
  }
  if (value === undefined) return `the body has no ${where}`;
  const miss = (expected: string): string => `${where} is ${show(value)}, expected ${expected}`;
  switch (assertion.rule) {
    case 'equals':
      return value === assertion.value ? undefined : miss(show(assertion.value));
    case 'one-of':
      return assertion.values.some((choice) => choice === value)
        ? undefined
        : miss(`one of ${assertion.values.map(show).join(', ')}`);
    case 'prefix':
      return typeof value === 'string' && value.startsWith(assertion.text)
        ? undefined
        : miss(`text that begins with ${show(assertion.text)}`);
    case 'regex':
      return missedPattern(value, assertion.pattern, miss);
  }
}

function missedPattern(value: unknown, pattern: Pattern, miss: (expected: string) => string): string | undefined {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (!isScalar) return miss(`a single value that matches /${pattern}/`);
  switch (searchPattern(pattern, String(value))) {
    case 'found':
      return undefined;
    case 'absent':
      return miss(`a match of /${pattern}/`);
    case 'slow':
      return `/${pattern}/ was given up after ${searchLimitMs}ms`;
  }
}

function show(value: unknown): string {
  return quoteText(JSON.stringify(value));
}
