import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWebhookCatcher, type WebhookCatcher } from '../../lab/src/index.ts';
import { after, before } from './builder.ts';
import { everythingOf, notify } from './job.ts';

const slackToken = 'T00000000/B00000000/slackslackslackslack';
const discordToken = 'discorddiscorddiscord';
const hookToken = 'hookhookhookhookhook';
const token = 'ghs_0123456789abcdef0123';

let chat: WebhookCatcher;
let api: WebhookCatcher;

beforeEach(async () => {
  chat = await openWebhookCatcher();
  api = await openWebhookCatcher();
});
afterEach(async () => {
  await chat.close();
  await api.close();
});

const slack = (): Record<string, string> => ({ 'slack-webhook': `${chat.url}/services/${slackToken}` });
const everywhere = (): Record<string, string> => ({
  ...slack(),
  'discord-webhook': `${chat.url}/api/webhooks/1234567890/${discordToken}`,
  'webhook-url': `${chat.url}/hook?token=${hookToken}`,
  'webhook-secret': 'signing-key',
});
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
const caught = (path: string) => {
  const request = chat.requests.find((candidate) => candidate.path.startsWith(path));
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
    const inputs = { ...everywhere(), ...release, 'github-deployment': 'create', url: 'https://shop.example.com' };
    const step = await notify({ inputs, apiUrl: api.url, token });
    expect(step.log).toContain('✅ shop: deployed to prod');
    expect(step.outputs).toMatchObject({ approvers: 'bob', 'deployment-id': '4711' });
    expect(JSON.parse(step.outputs['delivered'] ?? '')).toEqual({
      slack: 'ok',
      discord: 'ok',
      webhook: 'ok',
      github: 'ok',
    });
    expect(caught(`/services/${slackToken}`).body).toContain('sha256:111111111111 → sha256:222222222222');
    expect(caught('/api/webhooks/').path).toMatch(/\?wait=true$/);
    const hook = caught('/hook');
    const signature = createHmac('sha256', 'signing-key').update(hook.body).digest('hex');
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
    for (const secret of [slackToken, discordToken, hookToken, token, 'signing-key']) {
      expect(everythingOf(step)).not.toContain(secret);
    }
  });

  it('tries again after 429 and 500', async () => {
    chat.script({ status: 429, headers: { 'retry-after': '1' } }, { status: 500 });
    const step = await notify({ inputs: slack() });
    expect(chat.requests).toHaveLength(3);
    expect(step.outputs['delivered']).toContain('"slack":"ok"');
  });

  it('warns once and passes when a service does not take the message, without its address', async () => {
    chat.script({ status: 404, body: `no_service at ${slackToken}` });
    const step = await notify({ inputs: slack() });
    expect(step.outcome).toBe('success');
    expect(step.commands.warnings).toEqual([
      expect.stringMatching(/^notify: slack: answered 404 \(no_service at [^)]*\*\*\*[^)]*\)\. The deployment itself/),
    ]);
    expect(step.outputs).toMatchObject({ 'error-code': 'DELIVERY_FAILED' });
    expect(everythingOf(step)).not.toContain('slackslackslack');
  });

  it('fails when that is asked for, and still tells the others', async () => {
    chat.script({ status: 400 }, { status: 400 }, { status: 400 });
    const step = await notify({ inputs: { ...everywhere(), 'on-error': 'fail' } });
    expect(step.exitCode).toBe(1);
    expect(step.outputs['error-code']).toBe('DELIVERY_FAILED');
    expect(step.outputs['delivered']).toContain('"slack":"error","discord":"error","webhook":"error"');
    expect(step.commands.errors).toHaveLength(1);
  });

  it('gives up at its deadline on a service that never answers, and on one that is not there', async () => {
    chat.script({ status: 200, delayMs: Infinity }, { status: 200, delayMs: Infinity });
    const began = performance.now();
    const step = await notify({
      inputs: { ...slack(), 'webhook-url': 'http://127.0.0.1:9/hookhookhook', deadline: '2s' },
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(step.outcome).toBe('success');
    expect(step.outputs['delivered']).toContain('"slack":"error","discord":"skipped","webhook":"error"');
    expect(step.commands.warnings[0]).toContain('no answer within');
  });

  it('follows no redirect', async () => {
    chat.script({ status: 307, headers: { location: `${chat.url}/elsewhere` } });
    const step = await notify({ inputs: slack() });
    expect(chat.requests).toHaveLength(1);
    expect(step.commands.warnings[0]).toContain('answered 307, and redirects are refused');
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
    const inputs = { ...slack(), ...release, 'github-deployment': 'create' };
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
    expect(chat.requests).toHaveLength(0);
    await notify({
      inputs: { ...slack(), 'notify-on': 'failure, rolled_back', status: 'failure', outcome: 'rolled_back' },
    });
    expect(chat.requests[0]?.body).toContain('rolled back');
  });

  it('shows the messages of a dry run and sends none', async () => {
    const step = await notify({ inputs: { ...everywhere(), ...release, 'dry-run': 'true' } });
    expect(chat.requests).toHaveLength(0);
    expect(step.commands.groups).toEqual([
      'Dry run: message for slack',
      'Dry run: message for discord',
      'Dry run: message for webhook',
    ]);
    expect(step.log).toContain('"allowed_mentions"');
    expect(everythingOf(step)).not.toContain(discordToken);
  });

  it('refuses a bad input with one error, and shows no webhook there either', async () => {
    const step = await notify({ inputs: { 'slack-webhook': 'http://chat.example.com/s3cret-s3cret' } });
    expect(step.exitCode).toBe(1);
    expect(step.outputs['error-code']).toBe('INPUT_INVALID');
    expect(step.commands.errors).toEqual([expect.stringContaining('input `slack-webhook`: only https is accepted')]);
    expect(everythingOf(step)).not.toContain('s3cret-s3cret');
  });
});
