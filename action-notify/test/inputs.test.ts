import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { loadInputs } from '../src/inputs.ts';
import { composeAnnouncement, readRunFacts } from '../src/run-facts.ts';
import { secretParts } from '../src/webhook-url.ts';
import { after, before, notifyInputs } from './builder.ts';

const load = (inputs: Readonly<Record<string, string>>) => loadInputs(fakeRunner(notifyInputs(inputs)));
const slack = 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX';

describe('loadInputs', () => {
  it('pairs what ran before with what runs now', () => {
    const { images } = load({
      digests: `api=${after}\nworker=acme/worker:1.0\n`,
      'previous-digests': JSON.stringify({ api: before, cron: before }),
    });
    expect(images).toEqual([
      { name: 'api', from: before, to: after },
      { name: 'worker', from: undefined, to: 'acme/worker:1.0' },
      { name: 'cron', from: before, to: undefined },
    ]);
  });

  it('tells a failed job whose rollout was undone as rolled back, and nothing else', () => {
    expect(load({ status: 'failure', outcome: 'rolled_back' }).status).toBe('rolled_back');
    expect(load({ status: 'failure', outcome: 'rollback_failed' }).status).toBe('failure');
    expect(load({ status: 'success', outcome: 'rolled_back' }).status).toBe('success');
  });

  it.each([
    ['true', 'applied'],
    ['false', 'none applied'],
    ['nothing-pending', 'none applied'],
    ['failed', 'failed'],
  ])('reads migration %s as "%s"', (typed, told) => {
    expect(load({ migration: typed }).migration).toBe(told);
  });

  it('takes outputs of steps that did not run for nothing', () => {
    const inputs = load({ digests: '', migration: '', outcome: '', fields: 'Backup: \nReason: x', sha: '' });
    expect(inputs).toMatchObject({ images: [], migration: undefined, outcome: undefined, sha: undefined });
    expect(inputs.fields).toEqual([{ name: 'Reason', value: 'x' }]);
  });

  it('masks the URL of a webhook, its path and its token before it reads it', () => {
    const runner = fakeRunner(notifyInputs({ 'slack-webhook': slack, 'webhook-url': 'not a url: s3cret' }));
    expect(() => loadInputs(runner)).toThrow('input `webhook-url`: its value is not an https URL.');
    expect(runner.masks).toEqual(
      expect.arrayContaining([
        slack,
        '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
        'XXXXXXXXXXXXXXXXXXXXXXXX',
        'not a url: s3cret',
      ]),
    );
  });

  it.each([
    [{ status: 'skipped' }, 'input `status`: "skipped" is not one of: success, failure'],
    [{ url: 'javascript:alert(1)' }, 'input `url`'],
    [{ url: 'https://me:pw@example.com' }, 'input `url`'],
    [{ migration: 'perhaps' }, 'input `migration`: "perhaps" is not one of'],
    [{ digests: 'api' }, 'input `digests`: "api" is not of the form name=reference.'],
    [{ 'previous-digests': '{"api":' }, 'input `previous-digests`: it begins like JSON'],
    [{ digests: '{"api":5}' }, 'input `digests`: the value of "api" is not a text.'],
    [{ fields: '- a' }, 'input `fields`: it is not a YAML map.'],
    [{ fields: 'a: [1]' }, 'input `fields`: the value of "a" is not a single value.'],
    [{ fields: 'a: b: c' }, 'input `fields`: it is not valid YAML'],
    [{ 'slack-webhook': 'http://hooks.slack.com/x' }, 'input `slack-webhook`: only https is accepted'],
    [{ 'slack-webhook': 'https://a:b@hooks.slack.com/x' }, 'input `slack-webhook`: credentials'],
    [{ 'discord-webhook': '"https://discord.com/x"' }, 'input `discord-webhook`: its value is not an https URL.'],
    [{ 'webhook-secret': 'k' }, 'input `webhook-secret` is given, but `webhook-url` is empty'],
    [{ 'notify-on': 'failure, sometimes' }, 'input `notify-on`: "sometimes" is not one of: all, success'],
    [{ 'on-missing': 'fail' }, 'nobody to tell'],
    [{ 'on-error': 'ignore' }, 'input `on-error`: "ignore" is not one of: warn, fail'],
    [{ deadline: '20' }, 'input `deadline`: "20" is not a duration.'],
    [{ 'github-deployment': 'create', 'github-token': 'ghs_x' }, 'input `environment` is required'],
    [{ 'github-deployment': 'create', environment: 'prod' }, 'input `github-token` is required'],
  ])('refuses %j in one sentence that names it', (inputs, message) => {
    expect(() => load(inputs)).toThrow(message);
  });

  it('never quotes a webhook that it refuses', () => {
    expect(() => load({ 'slack-webhook': 'http://hooks.slack.com/s3cret-token' })).not.toThrow('s3cret-token');
  });
});

describe('the commit', () => {
  it('is shown without a link when it is none: an image may be labelled with any word', () => {
    const runner = fakeRunner(notifyInputs({ sha: 'release-7' }), { GITHUB_REPOSITORY: 'acme/shop' });
    const { commit } = composeAnnouncement(loadInputs(runner), readRunFacts(runner), [], new Date(0));
    expect(commit).toEqual({ sha: 'release-7', url: undefined });
  });
});

describe('secretParts', () => {
  it('finds tokens in path and query, encoded and decoded, and leaves short words alone', () => {
    const parts = secretParts('https://chat.example.com/hooks/abc%2Fdefghijkl?key=0123456789abcdef');
    expect(parts).toEqual(expect.arrayContaining(['abc%2Fdefghijkl', 'abc/defghijkl', '0123456789abcdef']));
    expect(parts).not.toContain('hooks');
  });
});

describe('composeAnnouncement', () => {
  const at = new Date('2026-01-02T03:04:05Z');

  it('takes who, where and the links from the run', () => {
    const env = {
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ID: '77',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_ACTOR: 'ada',
      GITHUB_TRIGGERING_ACTOR: 'bob',
      GITHUB_SERVER_URL: 'https://ghe.example.com',
    };
    const runner = fakeRunner(notifyInputs({ sha: 'sha-94e9cbb' }), env);
    expect(composeAnnouncement(loadInputs(runner), readRunFacts(runner), ['eve'], at)).toMatchObject({
      title: 'shop',
      deployedBy: 'bob',
      approvedBy: ['eve'],
      runUrl: 'https://ghe.example.com/acme/shop/actions/runs/77/attempts/2',
      commit: { sha: '94e9cbb', url: 'https://ghe.example.com/acme/shop/commit/94e9cbb' },
    });
  });

  it('works in a rehearsal outside GitHub Actions', () => {
    const runner = fakeRunner(notifyInputs({ sha: '94e9cbb' }));
    expect(composeAnnouncement(loadInputs(runner), readRunFacts(runner), [], at)).toMatchObject({
      title: 'deployment',
      runUrl: undefined,
      commit: { sha: '94e9cbb', url: undefined },
    });
  });
});
