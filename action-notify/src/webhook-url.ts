import { ConfigurationError } from '@deploy-actions/kit/action/errors';

/**
 * Reads the URL of a webhook. The URL is a secret, so no message quotes it.
 * @throws ConfigurationError
 */
export function parseWebhookUrl(text: string, input: string): URL {
  const trimmed = text.trim();
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const hint = 'Put the whole URL into a secret, without quotes.';
    throw new ConfigurationError(`input \`${input}\`: its value is not an https URL.`, hint);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new ConfigurationError(`input \`${input}\`: only https is accepted, because the URL itself is a secret.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigurationError(`input \`${input}\`: credentials in front of the host name are not accepted.`);
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The parts of a webhook's URL that must not be seen: all of it, its path, and each long part of path and query, which is
 * where services keep their token. Shorter parts (`api`, `services`) say nothing and would black out the log.
 */
export function secretParts(text: string): readonly string[] {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return [trimmed];
  const url = new URL(trimmed);
  const shortestToken = 10;
  const pieces = [...url.pathname.split('/'), ...url.searchParams.values()].filter(
    (part) => part.length >= shortestToken,
  );
  const path = url.pathname.length >= shortestToken ? [url.pathname] : [];
  return [...new Set([trimmed, url.href, ...path, ...pieces, ...pieces.map(decode)])];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
