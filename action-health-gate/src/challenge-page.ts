/** The headers by which firewalls in front of an app mark a page that asks "are you human?" (their documentation). */
const marks: readonly { readonly vendor: string; readonly header: string; readonly values: readonly string[] }[] = [
  { vendor: 'Cloudflare', header: 'cf-mitigated', values: ['challenge'] },
  { vendor: 'AWS WAF', header: 'x-amzn-waf-action', values: ['challenge', 'captcha'] },
  { vendor: 'Vercel', header: 'x-vercel-mitigated', values: ['challenge'] },
];

/**
 * Who answered in place of the app: a firewall with a challenge page, whatever the status. Undefined for an app's own answer.
 * The body only counts with a status of refusal, because Cloudflare puts scripts of the same name into ordinary pages.
 */
export function challengeVendor(answer: {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}): string | undefined {
  const mark = marks.find(({ header, values }) => values.includes((answer.headers[header] ?? '').trim().toLowerCase()));
  if (mark !== undefined) return mark.vendor;
  const isRefusal = answer.status === 403 || answer.status === 429 || answer.status === 503;
  const isCloudflare = (answer.headers['server'] ?? '').toLowerCase() === 'cloudflare';
  return isRefusal && isCloudflare && answer.body.includes('/cdn-cgi/challenge-platform/') ? 'Cloudflare' : undefined;
}
