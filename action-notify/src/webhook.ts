import { createHmac } from 'node:crypto';
import { factsOf, type AnnouncedFacts } from './announced-facts.ts';
import { headlineOf, type Announcement } from './announcement.ts';

/** The body of the generic webhook. Keys are only ever added; another meaning gets another `schema`. */
export interface WebhookMessage extends AnnouncedFacts {
  readonly schema: 'deploy-actions/notification/1';
  readonly headline: string;
}

/** Renders a message for any receiver of JSON. */
export function renderWebhook(announcement: Announcement): WebhookMessage {
  const { status, ...facts } = factsOf(announcement);
  return { schema: 'deploy-actions/notification/1', status, headline: headlineOf(announcement), ...facts };
}

/** The header that proves who sent a body: `sha256=` and the HMAC-SHA256 of its bytes in hexadecimal. */
export function signBody(body: string, secret: string): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', secret).update(body, 'utf8').digest('hex');
  return { 'x-deploy-signature-256': `sha256=${signature}` };
}
