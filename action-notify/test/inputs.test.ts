import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { listFacts } from '../src/announcement.ts';
import { recordOf } from '../src/deployment-record.ts';
import { loadInputs } from '../src/inputs.ts';
import { auditLine, findRelease } from '../src/ledger.ts';
import { composeAnnouncement, readRunFacts } from '../src/run-facts.ts';
import { formatRefs, parseRefs, type MessageRefs } from '../src/message-ref.ts';
import { noMentions } from '../src/mentions.ts';
import { mergeRefs } from '../src/report.ts';
import { secretParts } from '../src/webhook-url.ts';
import { after, announcement, before, everybody, notifyInputs } from './builder.ts';

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
    [{ status: 'green' }, 'input `status`: "green" is not one of: success, failure'],
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
    [{ 'slack-token': 'xoxb-1' }, 'input `slack-channel` is required with `slack-token`.'],
    [{ 'slack-token': 'a b', 'slack-channel': 'C1' }, 'input `slack-token`: its value is not a bot token of Slack'],
    [{ 'slack-token': 'xoxb-1', 'slack-channel': 'my channel' }, 'input `slack-channel`: "my channel" is not the id'],
    [
      { 'slack-token': 'xoxb-1', 'slack-channel': 'C1', 'slack-api-url': 'ftp://slack.com' },
      'input `slack-api-url`: its value is not an https URL.',
    ],
    [
      { 'discord-thread-id': '12345', 'discord-thread-name': 'x' },
      'inputs `discord-thread-id` and `discord-thread-name`',
    ],
    [{ 'failed-checks': 'api' }, 'input `failed-checks`: it is not what the output `failed-checks`'],
    [{ 'failed-checks': '[{"name":"api"}]' }, 'input `failed-checks`: it is not what the output `failed-checks`'],
    [{ 'discord-thread-id': 'general' }, 'input `discord-thread-id`: "general" is not the id of a thread'],
    [{ 'telegram-token': 'bot' }, 'input `telegram-token`: its value is not a bot token of Telegram'],
    [{ 'telegram-token': `1:${'x'.repeat(35)}` }, 'input `telegram-chat` is required with `telegram-token`.'],
    [{ 'telegram-token': `1:${'x'.repeat(35)}`, 'telegram-chat': 'ops' }, 'input `telegram-chat`: "ops" is not'],
    [{ 'ntfy-url': 'https://ntfy.sh/' }, 'input `ntfy-url`: its value does not end in a topic.'],
    [{ 'ntfy-token': 'tk_1' }, 'input `ntfy-token` is given, but `ntfy-url` is empty'],
    [{ 'message-ref': '{}' }, 'input `message-ref`: it is not what the output `message-ref` of an earlier step gave.'],
    [{ mentions: 'sometimes: {}' }, 'input `mentions`: "sometimes" is not one of: all, success'],
    [{ mentions: 'failure: { irc: [x] }' }, 'input `mentions`: "irc" is not one of: slack, discord'],
    [{ mentions: 'failure: { slack: ["@here"] }' }, 'input `mentions`: slack: "@here" is not a user id (U…)'],
    [{ mentions: 'success: { telegram: [ada] }' }, 'input `mentions`: telegram: "ada" is not a numeric user id.'],
    [{ duration: '90' }, 'input `duration`: "90" is not a duration.'],
    [{ thread: 'maybe' }, 'input `thread`: "maybe" is not true or false.'],
    [{ deadline: '20' }, 'input `deadline`: "20" is not a duration.'],
    [{ 'github-deployment': 'true', 'github-token': 'ghs_x' }, 'input `environment` is required'],
    [{ 'github-deployment': 'true', environment: 'prod' }, 'input `github-token` is required'],
  ])('refuses %j in one sentence that names it', (inputs, message) => {
    expect(() => load(inputs)).toThrow(message);
  });

  it.each([
    [{ 'slack-token': '', 'slack-channel': 'C1' }, '`slack-channel` is given, but `slack-token` is empty'],
    [{ 'telegram-token': '', 'telegram-chat': '-100' }, '`telegram-chat` is given, but `telegram-token` is empty'],
    [{ 'discord-thread-name': 'v1' }, '`discord-thread-name` is given, but `discord-webhook` is empty'],
    [{ 'discord-thread-id': '12345' }, '`discord-thread-id` is given, but `discord-webhook` is empty'],
  ])('skips %j with a notice: a secret is empty in forks', (inputs, notice) => {
    const runner = fakeRunner(notifyInputs(inputs));
    expect(Object.values(loadInputs(runner).destinations).every((to) => to === undefined)).toBe(true);
    expect(runner.lines).toEqual([expect.stringContaining(`notice: ${notice}`)]);
  });

  it('never quotes a webhook that it refuses', () => {
    expect(() => load({ 'slack-webhook': 'http://hooks.slack.com/s3cret-token' })).not.toThrow('s3cret-token');
  });
});

describe('mentions', () => {
  const mentions = `
all: { teams: ada@example.com }
failure:
  slack: [U012AB3CD, S0614TZR7]
  discord: [123456789012345678, 'role:876543210987654321']
  telegram: 4242
`;

  it('are those of the status and of all, by ids that are read to their last digit', () => {
    expect(load({ status: 'failure', mentions }).mentions).toEqual(everybody);
    expect(load({ status: 'success', mentions }).mentions).toEqual({ ...noMentions, teams: everybody.teams });
  });
});

describe('the duration', () => {
  const at = new Date('2026-01-02T03:04:05Z');
  const messageRef = formatRefs({ at: new Date('2026-01-02T03:00:00Z') });
  const durationOf = (inputs: Readonly<Record<string, string>>) => {
    const runner = fakeRunner(notifyInputs(inputs));
    return composeAnnouncement(loadInputs(runner), readRunFacts(runner), [], at).durationMs;
  };

  it('is the one given, else that of the rollout, else the time since the first message', () => {
    const timings = '{"pull":100,"total":4200}';
    expect(durationOf({ duration: '1m30s', timings, 'message-ref': messageRef })).toBe(90_000);
    expect(durationOf({ timings, 'message-ref': messageRef })).toBe(4200);
    expect(durationOf({ 'message-ref': messageRef })).toBe(245_000);
    expect(durationOf({ 'message-ref': messageRef, status: 'started' })).toBeUndefined();
    expect(durationOf({ timings: 'nonsense' })).toBeUndefined();
  });
});

describe('message-ref', () => {
  it('is read as it was written, and nothing else gets into an address', () => {
    const refs: MessageRefs = {
      at: new Date('2026-01-02T03:04:05Z'),
      'slack-bot': { ts: '1700000000.000100', channel: 'C1' },
      discord: { id: '4711555', thread: '88888' },
      telegram: { id: 7 },
      ntfy: { id: 'xE73Iyuabi' },
      github: { id: 4711 },
    };
    expect(parseRefs(formatRefs(refs))).toEqual(refs);
    expect(formatRefs({})).toBe('');
    const evil = { schema: 'deploy-actions/message-ref/1', discord: { id: '../../x' }, ntfy: { id: 'a/b' }, at: 'now' };
    expect(parseRefs(JSON.stringify(evil))).toEqual({});
  });

  it('keeps what a later call did not change', () => {
    const before: MessageRefs = { at: new Date(1), telegram: { id: 7 }, discord: { id: '1' } };
    const merged = mergeRefs(
      before,
      [{ provider: 'discord', result: 'ok', ref: { discord: { id: '2' } } }],
      new Date(9),
    );
    expect(merged).toEqual({ ...before, discord: { id: '2' } });
    expect(mergeRefs({}, [{ provider: 'slack', result: 'error' }], new Date(9))).toEqual({});
    expect(mergeRefs({}, [{ provider: 'slack', result: 'ok' }], new Date(9))).toEqual({ at: new Date(9) });
  });
});

describe('the ledger', () => {
  const env = { DEPLOY_HOST: 'local', DEPLOY_PATH: '/srv/shop' };
  const ledgerOf = (inputs: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>> = env) =>
    loadInputs(fakeRunner(notifyInputs(inputs), variables)).ledger;

  it('is not meant by the environment of the job alone, which is there for its other steps', () => {
    expect(ledgerOf({})).toEqual({ kind: 'none' });
  });

  it('is meant where the step gives the server or the folder, and the environment has the rest', () => {
    expect(ledgerOf({ host: 'local' })).toMatchObject({ kind: 'server', deployPath: '/srv/shop' });
    expect(ledgerOf({ 'deploy-path': '/srv/other' })).toMatchObject({ kind: 'server', deployPath: '/srv/other' });
    expect(ledgerOf({ host: 'local' }, {})).toMatchObject({
      kind: 'unusable',
      problem: expect.stringContaining('input `deploy-path`') as string,
    });
  });

  it('names in its line the newest release of the run, by which the record is found again', () => {
    const releases = [
      { number: 11, runUrl: 'https://github.com/acme/shop/actions/runs/76/attempts/1' },
      { number: 12, runUrl: announcement().runUrl ?? '' },
      { number: 13, runUrl: announcement().runUrl ?? '' },
      { number: 14, runUrl: 'https://github.com/acme/shop/actions/runs/78/attempts/1' },
    ];
    const record = recordOf(announcement());
    const release = findRelease(releases, record.runUrl);
    expect(auditLine(record, release)).toMatchObject({
      at: '2026-01-02T03:04:05.000Z',
      what: 'reported',
      actor: 'ada',
      runUrl: announcement().runUrl,
      release: 13,
      approvedBy: ['bob', 'eve'],
    });
    expect(findRelease(releases, null)).toBeUndefined();
    expect(auditLine(record, undefined)).toMatchObject({ release: null });
  });

  it('never keeps the message from going out: a key that cannot be read may be why the deployment failed', () => {
    const inputs = { host: 'web1', user: 'deploy', 'deploy-path': '/srv/shop', 'ssh-private-key': 'no key' };
    expect(load(inputs).ledger.kind).toBe('unusable');
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

  it('says in words of a person why, and what was red at the gate', () => {
    const failed = [
      { name: 'api', via: 'server', reason: 'status 503', tries: 4, allowed: false },
      { name: 'contract', via: 'server', reason: 'exit code 3', tries: 3, allowed: true },
    ];
    const inputs = { message: 'It\'s "quick"\n\n- and: dirty', release: '12', 'failed-checks': JSON.stringify(failed) };
    const runner = fakeRunner(notifyInputs(inputs));
    const facts = listFacts(composeAnnouncement(loadInputs(runner), readRunFacts(runner), [], at));
    expect(facts).toEqual([
      { name: 'Message', value: 'It\'s "quick" - and: dirty' },
      { name: 'Release', value: '12' },
      { name: 'Failed checks', value: 'api: status 503' },
    ]);
    expect(load({ 'failed-checks': '[]' }).failedChecks).toEqual([]);
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
