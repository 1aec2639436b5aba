import {
  openWebhookCatcher,
  type CatcherAnswer,
  type CaughtRequest,
  type WebhookCatcher,
} from '../../lab/src/index.ts';

/** Everything secret that these tests hand to the action. */
export const secrets = {
  slackWebhook: 'T00000000/B00000000/slackslackslackslack',
  slackToken: 'xoxb-123456789012-slackbotslackbot',
  discord: 'discorddiscorddiscord',
  teams: 'teamsteamsteamsteams',
  telegram: '123456789:telegramtelegramtelegramtelegram',
  ntfyTopic: 'ntfyntfyntfyntfy',
  ntfyToken: 'tk_ntfytokenntfytoken',
  hook: 'hookhookhookhookhook',
  signingKey: 'signing-key-of-the-hook',
  github: 'ghs_0123456789abcdef0123',
} as const;

/** A message that one of the services holds. */
export interface HeldMessage {
  readonly service: string;
  readonly id: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly versions: number;
}

/** All services in one: real HTTP, with what each of them answers, and the messages that people would see. */
export interface ChatServices extends WebhookCatcher {
  readonly messages: ReadonlyMap<string, HeldMessage>;
  /** Somebody deletes a message by hand. */
  forget(service: string): void;
  /** The inputs with which a step tells all of them. */
  readonly inputs: Readonly<Record<string, string>>;
}

const json = (body: unknown, status = 200): CatcherAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export async function openChatServices(): Promise<ChatServices> {
  const messages = new Map<string, HeldMessage>();
  let last = 100_000;
  const put = (service: string, id: string, content: Readonly<Record<string, unknown>>): string => {
    const versions = (messages.get(`${service} ${id}`)?.versions ?? 0) + 1;
    messages.set(`${service} ${id}`, { service, id, content, versions });
    return id;
  };
  const add = (service: string, content: Readonly<Record<string, unknown>>): string =>
    put(service, String(++last), content);
  const answers: readonly {
    readonly path: RegExp;
    readonly answer: (request: CaughtRequest, match: RegExpExecArray) => CatcherAnswer;
  }[] = [
    {
      path: /^\/services\//,
      answer: ({ body }) => {
        add('slack', parse(body));
        return { status: 200, body: 'ok' };
      },
    },
    {
      path: /^\/slack-api\/(chat\.\w+)$/,
      answer: (request, [, method]) => answerSlack(request, method === 'chat.update'),
    },
    {
      path: /^\/api\/webhooks\/\d+\/[^/?]+(?:\/messages\/(\d+))?(?:\?|$)/,
      answer: ({ method, body }, [, id]) => {
        if (method !== 'PATCH') return json({ id: add('discord', parse(body)) });
        if (!messages.has(`discord ${id ?? ''}`)) return json({ message: 'Unknown Message', code: 10_008 }, 404);
        return json({ id: put('discord', id ?? '', parse(body)) });
      },
    },
    { path: /^\/workflows\//, answer: ({ body }) => (add('teams', parse(body)), { status: 202 }) },
    {
      path: /^\/telegram\/bot[^/]+\/(\w+)$/,
      answer: ({ body }, [, method]) => answerTelegram(parse(body), method ?? ''),
    },
    {
      path: /^\/ntfy\/$/,
      answer: ({ body }) => {
        const { sequence_id: earlier, ...message } = parse(body);
        return json({ id: typeof earlier === 'string' ? put('ntfy', earlier, message) : add('ntfy', message) });
      },
    },
    { path: /^\/hook/, answer: ({ body }) => (add('webhook', parse(body)), { status: 204 }) },
  ];

  function answerSlack({ body, headers }: CaughtRequest, isUpdate: boolean): CatcherAnswer {
    if (headers.authorization !== `Bearer ${secrets.slackToken}`) return json({ ok: false, error: 'invalid_auth' });
    const { ts, ...content } = Object.fromEntries(new URLSearchParams(body));
    const found = [...messages.values()].find(({ service, id }) => service === 'slack-bot' && `${id}.000100` === ts);
    if (isUpdate && found === undefined) return json({ ok: false, error: 'message_not_found' });
    const id = isUpdate && found !== undefined ? put('slack-bot', found.id, content) : add('slack-bot', content);
    return json({ ok: true, channel: content['channel'], ts: `${id}.000100` });
  }
  function answerTelegram(content: Readonly<Record<string, unknown>>, method: string): CatcherAnswer {
    const id = String(content['message_id']);
    if (method !== 'editMessageText')
      return json({ ok: true, result: { message_id: Number(add('telegram', content)) } });
    const found = messages.get(`telegram ${id}`);
    const refuse = (description: string): CatcherAnswer => json({ ok: false, error_code: 400, description }, 400);
    if (found === undefined) return refuse('Bad Request: message to edit not found');
    if (found.content['text'] === content['text']) return refuse('Bad Request: message is not modified');
    return json({ ok: true, result: { message_id: Number(put('telegram', id, content)) } });
  }

  const catcher = await openWebhookCatcher('127.0.0.1', (request) => {
    for (const { path, answer } of answers) {
      const match = path.exec(request.path);
      if (match !== null) return answer(request, match);
    }
    return { status: 404, body: 'no such service' };
  });
  return {
    ...catcher,
    messages,
    forget: (service) => {
      for (const [key, held] of messages) if (held.service === service) messages.delete(key);
    },
    inputs: inputsFor(catcher.url),
  };
}

function parse(body: string): Readonly<Record<string, unknown>> {
  return JSON.parse(body) as Readonly<Record<string, unknown>>;
}

function inputsFor(url: string): Readonly<Record<string, string>> {
  return {
    'slack-webhook': `${url}/services/${secrets.slackWebhook}`,
    'slack-token': secrets.slackToken,
    'slack-channel': 'C012AB3CD',
    'slack-api-url': `${url}/slack-api/`,
    'discord-webhook': `${url}/api/webhooks/1234567890/${secrets.discord}`,
    'teams-webhook': `${url}/workflows/run?sig=${secrets.teams}`,
    'telegram-token': secrets.telegram,
    'telegram-chat': '-100123',
    'telegram-api-url': `${url}/telegram`,
    'ntfy-url': `${url}/ntfy/${secrets.ntfyTopic}`,
    'ntfy-token': secrets.ntfyToken,
    'webhook-url': `${url}/hook?token=${secrets.hook}`,
    'webhook-secret': secrets.signingKey,
  };
}
