import type { Header, Question } from './check.ts';

/** Headers whose values say nothing that others may not know; masking them would only black out the log. */
const openHeaders =
  /^(host|user-agent|accept|accept-language|content-type|cache-control|x-forwarded-(proto|host|port))$/i;
const shortestWord = 8;

/** What of headers must not be shown: each value, and its longer words; of `Bearer abc…` an app may repeat the second alone. */
export function secretsOfHeaders(headers: readonly Header[]): readonly string[] {
  const values = headers.filter(([name]) => !openHeaders.test(name)).map(([, value]) => value);
  const words = values.flatMap((value) => value.split(/\s+/)).filter((word) => word.length >= shortestWord);
  const passwords = values.flatMap((value) => readBasic(value));
  return [...new Set([...values, ...words, ...passwords])];
}

/** User and password of basic credentials come back decoded from some apps. */
function readBasic(value: string): readonly string[] {
  const code = /^basic\s+([A-Za-z0-9+/=]+)$/i.exec(value)?.[1];
  if (code === undefined) return [];
  const pair = Buffer.from(code, 'base64').toString('utf8');
  return [pair, pair.slice(pair.indexOf(':') + 1)];
}

/** Everything of a question that must appear neither in the log nor in an output. */
export function secretsOf(question: Question): readonly string[] {
  if (question.type !== 'http') return [];
  return [...secretsOfHeaders(question.headers), ...(question.body === undefined ? [] : [question.body])];
}
