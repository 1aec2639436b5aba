import { asList, asObject } from '@deploy-actions/kit/json/json';

import { cleanText } from '../failures.ts';
import type { Answer } from './http.ts';
import { asText, parseJson } from './json.ts';

/** One entry of a registry's error body (OCI distribution spec, "Error Codes"). */
export interface RegistryErrorEntry {
  /** `MANIFEST_UNKNOWN`, `DENIED` …; empty where the body was in no known form. */
  readonly code: string;
  readonly message: string;
}

/** The errors in an answer's body; the body may have any form, then there are none. */
export function parseRegistryErrors(body: Uint8Array): readonly RegistryErrorEntry[] {
  return asList(parseJson(body)?.['errors'])
    .slice(0, 5)
    .map((entry) => {
      const { code, message } = asObject(entry);
      return { code: cleanText(asText(code) ?? ''), message: cleanText(asText(message) ?? '') };
    });
}

/** Evidence for the log: the URL without its query, the status, what the registry said, its request id. */
export function describeAnswer(url: URL, answer: Answer): string {
  const errors = parseRegistryErrors(answer.body).map(({ code, message }) => `${code} ${message}`.trim());
  const requestId = ['x-github-request-id', 'x-request-id', 'x-amzn-requestid', 'docker-request-id']
    .map((name) => answer.headers[name])
    .find((value) => typeof value === 'string');
  const said = errors.length > 0 ? `: ${errors.join('; ')}` : '';
  const id = typeof requestId === 'string' ? ` (request ${cleanText(requestId)})` : '';
  return `GET ${url.origin}${url.pathname} answered ${answer.status}${said}${id}`;
}
