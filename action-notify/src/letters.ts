import type { Announcement } from './announcement.ts';
import type { Letter, Provider } from './delivery.ts';
import { renderDiscord } from './discord.ts';
import type { Inputs } from './inputs.ts';
import { renderSlack } from './slack.ts';
import { renderWebhook, signBody } from './webhook.ts';

/** The services that take letters, in the order in which they are told about. */
export const mailProviders = ['slack', 'discord', 'webhook'] as const satisfies readonly Provider[];

/** One letter for each webhook that is configured. Pure. */
export function writeLetters(announcement: Announcement, inputs: Inputs): readonly Letter[] {
  const { webhookSecret } = inputs;
  return mailProviders.flatMap((provider) => {
    const webhook = inputs.webhooks[provider];
    if (webhook === undefined) return [];
    const body = JSON.stringify(render(provider, announcement));
    const headers = provider === 'webhook' && webhookSecret !== undefined ? signBody(body, webhookSecret) : {};
    const secrets = webhookSecret === undefined ? webhook.secrets : [...webhook.secrets, webhookSecret];
    return [{ provider, url: provider === 'discord' ? waiting(webhook.url) : webhook.url, body, headers, secrets }];
  });
}

function render(provider: (typeof mailProviders)[number], announcement: Announcement): unknown {
  switch (provider) {
    case 'slack':
      return renderSlack(announcement);
    case 'discord':
      return renderDiscord(announcement);
    case 'webhook':
      return renderWebhook(announcement);
  }
}

/** Without `wait` Discord answers before it has kept the message, and says nothing when it does not. */
function waiting(url: URL): URL {
  const copy = new URL(url);
  copy.searchParams.set('wait', 'true');
  return copy;
}
