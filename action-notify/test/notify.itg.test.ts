import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLab, openWebhookCatcher, type WebhookCatcher } from '../../lab/src/index.ts';
import { after, before } from './builder.ts';
import { openChatServices, secrets, type ChatServices } from './chat-services.ts';
import { openConnectProxy } from './connect-proxy.ts';
import { everythingOf, notify } from './job.ts';

const token = secrets.github;

let chat: ChatServices;
let api: WebhookCatcher;

beforeEach(async () => {
  chat = await openChatServices();
  api = await openWebhookCatcher();
});
afterEach(async () => {
  await chat.close();
  await api.close();
});

const only = (...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(chat.inputs).filter(([name]) => names.some((start) => name.startsWith(start))));
const slack = (): Record<string, string> => only('slack-webhook');
const json = (body: unknown) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const release = {
  environment: 'prod',
  version: 'v1.16.0',
  sha: '94e9cbb0aaaabbbbccccddddeeeeffff00001111',
  digests: `api=${after}`,
  'previous-digests': `api=${before}`,
  migration: 'true',
};
const caught = (path: string, index = 0) => {
  const request = chat.requests.filter((candidate) => candidate.path.startsWith(path))[index];
  if (request === undefined) return expect.unreachable(`nothing came to ${path}`);
  return { ...request, json: JSON.parse(request.body) as Record<string, unknown> };
};

describe('the bundled action', () => {
  it('tells all services, says who approved, records the deployment, and shows no secret', async () => {
    api.script(
      json([{ state: 'approved', comment: '', user: { login: 'bob' }, environments: [{ name: 'prod' }] }]),
      { ...json({ id: 4711 }), status: 201 },
      { ...json({ id: 1 }), status: 201 },
    );
    const inputs = { ...chat.inputs, ...release, 'github-deployment': 'true', url: 'https://shop.example.com' };
    // What the environment of the job says is for its other steps: here it opens no connection.
    const env = { DEPLOY_HOST: '127.0.0.1', DEPLOY_PATH: '/srv/shop' };
    const step = await notify({ inputs, apiUrl: api.url, token, env });
    expect(step.log).toContain('✅ shop: deployed to prod');
    expect(step.commands.warnings).toEqual([]);
    expect(step.outputs).toMatchObject({ approvers: 'bob', 'deployment-id': '4711' });
    expect(JSON.parse(step.outputs['delivered'] ?? '')).toEqual({
      slack: 'ok',
      'slack-bot': 'ok',
      discord: 'ok',
      teams: 'ok',
      telegram: 'ok',
      ntfy: 'ok',
      webhook: 'ok',
      github: 'ok',
      ledger: 'skipped',
    });
    expect([...chat.messages.values()].map(({ service }) => service).sort()).toEqual([
      'discord',
      'ntfy',
      'slack',
      'slack-bot',
      'teams',
      'telegram',
      'webhook',
    ]);
    expect(caught('/ntfy/').headers.authorization).toBe(`Bearer ${secrets.ntfyToken}`);
    expect(caught('/services/').body).toContain('sha256:111111111111 → sha256:222222222222');
    expect(caught('/api/webhooks/').path).toMatch(/\?wait=true$/);
    const hook = caught('/hook');
    const signature = createHmac('sha256', secrets.signingKey).update(hook.body).digest('hex');
    expect(hook.headers['x-deploy-signature-256']).toBe(`sha256=${signature}`);
    expect(hook.json).toMatchObject({
      status: 'success',
      migration: 'applied',
      approvedBy: ['bob'],
      deployedBy: 'ada',
    });

    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /repos/acme/shop/actions/runs/77/approvals',
      'POST /repos/acme/shop/deployments',
      'POST /repos/acme/shop/deployments/4711/statuses',
    ]);
    expect(JSON.parse(api.requests[1]?.body ?? '')).toMatchObject({
      ref: release.sha,
      payload: { images: [{ name: 'api', from: before, to: after }], migration: 'applied' },
    });
    expect(step.summary).toContain('| api | `sha256:111111111111` | `sha256:222222222222` |');
    expect(JSON.parse(step.outputs['record'] ?? '')).toMatchObject({
      schema: 'deploy-actions/deployment/1',
      images: [{ name: 'api', from: before, to: after }],
      approvedBy: ['bob'],
    });
  });

  it('sets the status of the GitHub deployment that an earlier step made, instead of making another', async () => {
    api.script(json([]), { ...json({ id: 4711 }), status: 201 }, { ...json({ id: 1 }), status: 201 });
    const inputs = { ...release, 'github-deployment': 'true' };
    const started = await notify({ inputs: { ...inputs, status: 'started' }, apiUrl: api.url, token });
    api.script(json([]), { ...json({ id: 2 }), status: 201 });
    const messageRef = started.outputs['message-ref'] ?? '';
    const ended = await notify({ inputs: { ...inputs, 'message-ref': messageRef }, apiUrl: api.url, token });
    expect(api.requests.slice(3).map(({ path }) => path)).toEqual([
      '/repos/acme/shop/actions/runs/77/approvals',
      '/repos/acme/shop/deployments/4711/statuses',
    ]);
    expect(JSON.parse(api.requests.at(-1)?.body ?? '')).toMatchObject({ state: 'success' });
    expect(ended.outputs['deployment-id']).toBe('4711');
  });

  it('tries again after 429, 500 and a connection that is cut, each service by its own words', async () => {
    const limited = { status: 429, headers: { 'retry-after': '1' } };
    chat.scriptFor('/services/', limited, { status: 500 });
    chat.scriptFor('/slack-api/', limited, json({ ok: false, error: 'internal_error' }));
    chat.scriptFor('/api/webhooks/', { ...json({ retry_after: 0.3 }), status: 429 }, { status: 502 });
    chat.scriptFor('/workflows/', { status: 200, isReset: true });
    chat.scriptFor('/telegram/', { ...json({ ok: false, parameters: { retry_after: 1 } }), status: 429 });
    chat.scriptFor('/ntfy/', { status: 503 });
    const step = await notify({ inputs: chat.inputs });
    const delivered = JSON.parse(step.outputs['delivered'] ?? '') as Readonly<Record<string, string>>;
    expect(Object.values(delivered).filter((result) => result === 'ok')).toHaveLength(7);
    expect(chat.requests).toHaveLength(7 + 9);
    expect(chat.messages.size).toBe(7);
    expect(step.outcome).toBe('success');
  });

  it('tells of the start and updates that message at the end, in place, and alerts who is to be called', async () => {
    const started = await notify({ inputs: { ...chat.inputs, ...release, status: 'started' } });
    const messageRef = started.outputs['message-ref'] ?? '';
    const mentions = 'failure: { slack: [U012AB3CD], discord: ["123456789012345678"], telegram: ["4242"] }';
    const inputs = { ...chat.inputs, ...release, 'message-ref': messageRef };
    const ended = await notify({ inputs: { ...inputs, status: 'failure', mentions } });
    const held = (service: string) => [...chat.messages.values()].filter((message) => message.service === service);
    for (const service of ['slack-bot', 'discord', 'telegram', 'ntfy']) {
      expect(held(service)[0], service).toMatchObject({ versions: 2 });
      expect(JSON.stringify(held(service)[0]?.content), service).toContain('failed');
    }
    // A change alerts nobody, so that the mention is a message of its own.
    expect(held('slack-bot')[1]?.content).toMatchObject({
      text: '<@U012AB3CD> ❌ shop: deployment to prod failed',
      reply_broadcast: 'true',
    });
    expect(held('discord')[1]?.content).toMatchObject({
      allowed_mentions: { parse: [], users: ['123456789012345678'] },
    });
    expect(held('telegram')[1]?.content['text']).toContain('tg://user?id=4242');
    expect(held('slack')).toHaveLength(2);
    expect(ended.outputs['message-ref']).toBe(messageRef);
    expect(caught('/hook', 1).json['durationMs']).toBeGreaterThan(0);

    chat.forget('discord');
    const again = await notify({ inputs: { ...inputs, status: 'success' } });
    expect(again.log).toContain('discord: ok (the earlier message is gone, so this is a new one)');
    expect(held('discord')).toHaveLength(1);
    expect(again.outputs['message-ref']).not.toBe(messageRef);
  });

  it('answers in the thread when that is asked for', async () => {
    const started = await notify({
      inputs: { ...only('slack-token', 'slack-c', 'slack-a', 'telegram'), status: 'started' },
    });
    const messageRef = started.outputs['message-ref'] ?? '';
    const inputs = {
      ...only('slack-token', 'slack-c', 'slack-a', 'telegram'),
      'message-ref': messageRef,
      thread: 'true',
    };
    const ended = await notify({ inputs });
    const { 'slack-bot': root, telegram } = JSON.parse(messageRef) as Record<string, { ts?: string; id?: number }>;
    const contents = [...chat.messages.values()].map(({ content }) => content);
    expect(contents).toContainEqual(expect.objectContaining({ thread_ts: root?.ts }));
    expect(contents).toContainEqual(expect.objectContaining({ reply_parameters: { message_id: telegram?.id } }));
    expect([...chat.messages.values()].every(({ versions }) => versions === 1)).toBe(true);
    expect(ended.outputs['message-ref']).toBe(messageRef);
  });

  it('says what Slack refused and what to do about it', async () => {
    chat.scriptFor('/slack-api/', json({ ok: false, error: 'not_in_channel' }));
    const step = await notify({ inputs: only('slack-token', 'slack-c', 'slack-a') });
    expect(step.commands.warnings[0]).toContain(
      'slack-bot: refused it (not_in_channel: invite the app to the channel)',
    );
  });

  it('keeps the record on the server, and says when it cannot', async () => {
    const { server } = await openLab();
    const path = '/srv/notify-ledger';
    const shell = (script: string) => server.exec(['sh', '-c', script, 'sh', path]);
    await shell('rm -rf "$1"; mkdir -p "$1" && chown deploy:deploy "$1"');
    const inputs = {
      ...release,
      host: server.address,
      port: String(server.port),
      user: server.user,
      'known-hosts': server.knownHosts,
      'deploy-path': path,
    };
    const key = { 'ssh-private-key': server.privateKey };
    const early = await notify({ inputs: { ...inputs, ...key } });
    expect(early.log).toContain('has no ledger: nothing was deployed there yet');
    const runUrl = 'https://github.com/acme/shop/actions/runs/77/attempts/1';
    const earlier = JSON.stringify({ number: 7, runUrl });
    await shell(
      `mkdir -p "$1/.deploy/releases" && echo '${earlier}' > "$1/.deploy/releases/7.json" && chown -R deploy:deploy "$1/.deploy"`,
    );
    const kept = await notify({ inputs: { ...inputs, title: '$(id) "; \'x', ...key } });
    expect(JSON.parse(kept.outputs['delivered'] ?? '')).toMatchObject({ ledger: 'ok' });
    const { stdout } = await shell('cat "$1/.deploy/audit.jsonl"');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      expect.objectContaining({
        what: 'reported',
        actor: 'ada',
        status: 'success',
        title: '$(id) "; \'x',
        commit: release.sha,
        runUrl,
        release: 7,
      }),
    ]);
    const broken = await notify({ inputs: { ...inputs, ...slack(), 'ssh-private-key': 'no key at all' } });
    expect(broken.outcome).toBe('success');
    expect(JSON.parse(broken.outputs['delivered'] ?? '')).toMatchObject({ slack: 'ok', ledger: 'error' });
    await shell('rm -rf "$1"');
  });

  it('warns once and passes when a service does not take the message, without its address', async () => {
    chat.script({ status: 404, body: `no_service at ${secrets.slackWebhook}` });
    const step = await notify({ inputs: slack() });
    expect(step.outcome).toBe('success');
    expect(step.commands.warnings).toEqual([
      expect.stringMatching(/^notify: slack: answered 404 \(no_service at [^)]*\*\*\*[^)]*\)\. The deployment itself/),
    ]);
    expect(step.outputs).toMatchObject({ 'error-code': 'DELIVERY_FAILED' });
  });

  it('fails when that is asked for, and still tells the others', async () => {
    for (const path of ['/services/', '/api/', '/hook']) chat.scriptFor(path, { status: 400 });
    const step = await notify({ inputs: { ...chat.inputs, 'on-error': 'fail' } });
    expect(step.exitCode).toBe(1);
    expect(step.outputs['error-code']).toBe('DELIVERY_FAILED');
    expect(JSON.parse(step.outputs['delivered'] ?? '')).toMatchObject({
      slack: 'error',
      discord: 'error',
      webhook: 'error',
      telegram: 'ok',
      teams: 'ok',
    });
    expect(step.commands.errors).toHaveLength(1);
  });

  it('gives up at its deadline on a service that never answers, and on one that is not there', async () => {
    chat.script({ status: 200, delayMs: Infinity }, { status: 200, delayMs: Infinity });
    const step = await notify({
      inputs: { ...slack(), 'webhook-url': 'http://127.0.0.1:9/hookhookhook', deadline: '5s' },
    });
    expect(step.outcome).toBe('success');
    expect(JSON.parse(step.outputs['delivered'] ?? '')).toMatchObject({
      slack: 'error',
      discord: 'skipped',
      webhook: 'error',
    });
    expect(step.commands.warnings[0]).toContain('no answer within');
  });

  it('reaches every service through the proxy of the runner, save those that are excepted', async () => {
    const proxy = await openConnectProxy();
    const env = { HTTP_PROXY: proxy.url };
    try {
      const step = await notify({ inputs: only('slack', 'webhook'), env });
      expect(JSON.parse(step.outputs['delivered'] ?? '')).toMatchObject({
        slack: 'ok',
        'slack-bot': 'ok',
        webhook: 'ok',
      });
      expect(proxy.tunnels).toEqual(Array.from({ length: proxy.tunnels.length }, () => new URL(chat.url).host));
      const before = proxy.tunnels.length;
      expect(before).toBeGreaterThan(0);
      await notify({ inputs: slack(), env: { ...env, NO_PROXY: '127.0.0.1' } });
      expect(proxy.tunnels).toHaveLength(before);
      expect(chat.messages.size).toBe(4);
    } finally {
      proxy.close();
    }
    const broken = await notify({ inputs: slack(), env: { HTTP_PROXY: 'http://me:pass-word@[nonsense' } });
    expect(broken.commands.warnings).toEqual([expect.stringContaining('is not the URL of a proxy')]);
    expect(everythingOf(broken)).not.toContain('pass-word');
    expect(chat.messages.size).toBe(5);
  });

  it('follows no redirect', async () => {
    const elsewhere = { status: 307, headers: { location: `${chat.url}/elsewhere` } };
    for (const path of ['/services/', '/slack-api/', '/telegram/']) chat.scriptFor(path, elsewhere);
    const step = await notify({ inputs: only('slack', 'telegram') });
    expect(chat.requests).toHaveLength(3);
    expect(step.commands.warnings[0]?.match(/answered 307, and redirects are refused/g)).toHaveLength(3);
  });

  it('passes with one notice when no webhook is configured', async () => {
    const step = await notify({ inputs: { 'slack-webhook': '' } });
    expect(step.outcome).toBe('success');
    expect(step.commands.notices).toEqual([expect.stringMatching(/^Nobody was told/)]);
    expect(step.summary).toContain('✅ shop: deployed');
  });

  it('says in one notice which permission it lacks to name the approvers', async () => {
    api.script({ ...json({ message: 'Resource not accessible by integration' }), status: 403 });
    const step = await notify({ inputs: { ...slack(), environment: 'prod' }, apiUrl: api.url, token });
    expect(step.commands.notices).toEqual([expect.stringContaining('`actions: read`')]);
    expect(step.outputs['delivered']).toContain('"slack":"ok"');
  });

  it('warns when GitHub takes no deployment, and tells the others all the same', async () => {
    api.script(json([]), { ...json({ message: 'Resource not accessible by integration' }), status: 403 });
    const inputs = { ...slack(), ...release, 'github-deployment': 'true' };
    const step = await notify({ inputs, apiUrl: api.url, token });
    expect(step.outcome).toBe('success');
    expect(step.outputs['delivered']).toContain('"slack":"ok"');
    expect(step.outputs['delivered']).toContain('"github":"error"');
    expect(step.commands.warnings[0]).toContain('`deployments: write`');
  });

  it('takes the status of the job when none is given, and sends nothing that notify-on leaves out', async () => {
    const step = await notify({ inputs: { ...slack(), 'notify-on': 'failure, rolled_back' } });
    expect(step.log).toContain('✅ shop: deployed');
    expect(step.log).toContain('slack: skipped (notify-on leaves out success)');
    expect(step.outputs['payload']).toBe('{}');
    expect(chat.requests).toHaveLength(0);
    await notify({
      inputs: { ...slack(), 'notify-on': 'failure, rolled_back', status: 'failure', outcome: 'rolled_back' },
    });
    expect(chat.requests[0]?.body).toContain('rolled back');
  });

  it('shows the messages of a dry run and sends none', async () => {
    const step = await notify({ inputs: { ...chat.inputs, ...release, 'dry-run': 'true' } });
    expect(chat.requests).toHaveLength(0);
    const services = ['slack', 'slack-bot', 'discord', 'teams', 'telegram', 'ntfy', 'webhook'];
    expect(step.commands.groups).toEqual(services.map((service) => `Dry run: message for ${service}`));
    expect(step.log).toContain('"allowed_mentions"');
    expect(step.log).toContain('"topic": "***"');
    const payloads = Object.entries(JSON.parse(step.outputs['payload'] ?? '') as Record<string, object>);
    expect(payloads.map(([service]) => service)).toEqual(services);
    expect(payloads.find(([service]) => service === 'ntfy')?.[1]).toMatchObject({ topic: '***' });
  });

  it('refuses a bad input with one error, and shows no webhook there either', async () => {
    const step = await notify({ inputs: { 'slack-webhook': 'http://chat.example.com/s3cret-s3cret' } });
    expect(step.exitCode).toBe(1);
    expect(step.outputs['error-code']).toBe('INPUT_INVALID');
    expect(step.commands.errors).toEqual([expect.stringContaining('input `slack-webhook`: only https is accepted')]);
    expect(everythingOf(step)).not.toContain('s3cret-s3cret');
  });
});
