import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describePlan } from '../src/check.ts';
import { loadInputs } from '../src/inputs.ts';
import { gateInputs } from './builder.ts';

const sha = '94e9cbb0aaaabbbbccccddddeeeeffff00001111';
const load = (inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  loadInputs(fakeRunner(gateInputs(inputs), env));

describe('loadInputs', () => {
  it('makes one check of a URL, asked from the runner', () => {
    const inputs = load({ url: 'https://example.com/healthz?key=1', 'expect-sha': `sha-${sha.slice(0, 8)}` });
    expect(inputs.target).toBeUndefined();
    expect(describePlan(inputs.checks)).toEqual([
      'https://example.com/healthz?… from the runner, status 200-299, commit 94e9cbb0 in `git_sha`, 3 times in a row',
    ]);
  });

  it('asks every container of a service on the server', () => {
    const inputs = load({ service: 'api', 'container-port': '8000', host: 'local', 'deploy-path': '/srv/app' });
    expect(inputs.checks[0]?.target).toEqual({ kind: 'service', service: 'api', port: 8000, path: '/healthz' });
    expect(inputs.target).toEqual({ kind: 'local' });
    expect(inputs.compose?.deployPath).toBe('/srv/app');
  });

  it('reads a list of checks that override the inputs', () => {
    const inputs = load({
      'expect-sha': sha,
      host: 'local',
      checks: [
        '- name: api',
        '  url: https://example.com/version',
        '  sha-path: build.sha',
        '  interval: 500ms',
        '  success-threshold: 5',
        '- { type: tcp, name: db, address: "127.0.0.1:5432", via: server }',
        '- { name: page, url: "https://example.com/", expect-sha: none, expect-status: "200,304" }',
      ].join('\n'),
    });
    expect(describePlan(inputs.checks)).toEqual([
      `api (https://example.com/version) from the runner, status 200-299, commit ${sha} in \`build.sha\`, 5 times in a row`,
      'db (127.0.0.1:5432) from the server, a connection, 3 times in a row',
      'page (https://example.com/) from the runner, status 200,304, 3 times in a row',
    ]);
    expect(inputs.checks[0]?.pace.interval).toBe(500);
  });

  it('reads checks of containers, commands and contracts', () => {
    const inputs = load({
      host: 'local',
      'deploy-path': '/srv/app',
      'log-scan': '^panic:\n(?i:traceback)',
      checks: [
        '- { type: container, service: api, max-restarts: 1, no-healthcheck: fail }',
        '- { type: container, service: job, expect-state: exited, success-threshold: 1 }',
        '- type: exec',
        '  name: contract',
        '  service: api',
        '  command: ["python", "manage.py", "check", 5]',
        '  user: app',
        '  allow-failure: true',
      ].join('\n'),
    });
    expect(describePlan(inputs.checks)).toEqual([
      'container of service api (service api) from the server, running and healthy, 3 times in a row',
      'container of service job (service job) from the server, ended with exit code 0, once',
      'contract (service api) from the server, exit code 0 of python, 3 times in a row, allowed to fail',
    ]);
    expect(inputs.checks[2]).toMatchObject({
      question: { type: 'exec', command: ['python', 'manage.py', 'check', '5'], user: 'app' },
      pace: { attemptTimeout: 30_000 },
    });
    expect(inputs.logPatterns).toEqual(['^panic:', '(?i:traceback)']);
    // A container check bakes for a while where nothing else is said.
    expect(inputs.settings.stableFor).toBe(15_000);
    expect(load({ url: 'http://h/' }).settings.stableFor).toBe(0);
  });

  it('reads everything that an http check may ask and expect', () => {
    const inputs = load({
      'basic-auth': 'ops:s3cret-word',
      checks: [
        '- url: https://app.example/api',
        '  connect-to: 192.0.2.7:8443',
        '  method: POST',
        '  body: "{}"',
        '  redirects: 3',
        '  max-latency: 800ms',
        '  expect-headers: { X-App: "^v" }',
        '  reject-headers: { X-Error: . }',
        '  expect-body: ok',
        '  reject-body: [error, panic]',
        '  expect-json:',
        '    - { path: status, equals: ok }',
        '    - { path: n, one-of: [1, "1", null] }',
        '    - { path: v, prefix: "2." }',
        '    - { path: v, regex: "^2" }',
        '    - { path: db, exists: true }',
      ].join('\n'),
    });
    expect(inputs.checks[0]?.target).toMatchObject({ connectTo: { address: '192.0.2.7', port: 8443 } });
    expect(inputs.checks[0]?.question).toMatchObject({
      method: 'POST',
      body: '{}',
      redirects: 3,
      headers: [['authorization', `Basic ${Buffer.from('ops:s3cret-word').toString('base64')}`]],
      expectation: {
        maxLatency: 800,
        headers: [
          { name: 'x-app', isForbidden: false },
          { name: 'x-error', isForbidden: true },
        ],
        body: [{ isForbidden: false }, { isForbidden: true }, { isForbidden: true }],
        json: [{ value: 'ok' }, { values: [1, '1', null] }, { text: '2.' }, { pattern: '^2' }, { isExpected: true }],
      },
    });
    expect(describePlan(inputs.checks)[0]).toBe(
      'https://app.example/api from the runner through 192.0.2.7:8443, status 200-299, to POST, 10 assertions, within 800ms, 3 times in a row',
    );
  });

  it('reads every example of the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const examples = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
      (match) => parse(match[1] ?? '') as unknown,
    );
    expect(examples).toHaveLength(3);
    for (const example of examples) {
      const [step] = example as readonly { readonly with: Readonly<Record<string, string>> }[];
      // What GitHub puts in place of an expression: a commit is good for all of them.
      const given = Object.entries(step?.with ?? {}).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{\{.*?\}\}/g, sha),
      ]);
      const connection = { host: 'local', 'deploy-path': '/srv/app' };
      expect(
        load({ ...(Object.fromEntries(given) as Record<string, string>), ...connection }).checks.length,
      ).toBeGreaterThan(0);
    }
  });

  it('masks a password for HTTP in every form in which it travels', () => {
    const runner = fakeRunner(gateInputs({ url: 'http://h/', 'basic-auth': 'ops:s3cret-word' }));
    loadInputs(runner);
    const code = Buffer.from('ops:s3cret-word').toString('base64');
    expect(runner.masks).toEqual(expect.arrayContaining(['ops:s3cret-word', 's3cret-word', code]));
  });

  it('knows the server for the mark of a red gate, also when every check asks from the runner', () => {
    const local = load({ url: 'http://h/', host: 'local', 'deploy-path': '/srv/app' });
    expect(local).toMatchObject({ needsServer: false, target: { kind: 'local' }, deployPath: '/srv/app' });
    const keyless = load({ url: 'http://h/' }, { DEPLOY_HOST: 'web1', DEPLOY_PATH: '/srv/app' });
    expect(keyless.target).toBeUndefined();
    expect(keyless.targetProblem).toContain('is required');
  });

  it('masks the values of headers, and the words of a value, before anything else', () => {
    const runner = fakeRunner(
      gateInputs({
        headers: 'Authorization: Bearer s3cret-token\nHost: app.example.com',
        checks: '- { url: "http://127.0.0.1/", headers: { X-Key: other-secret } }',
      }),
    );
    loadInputs(runner);
    expect(runner.masks).toEqual(expect.arrayContaining(['Bearer s3cret-token', 's3cret-token', 'other-secret']));
    expect(runner.masks).not.toContain('app.example.com');
  });

  it.each([
    [{}, 'there is nothing to check'],
    [{ url: 'example.com' }, 'input `url`: "example.com" is not an http or https URL.'],
    [{ url: 'ftp://example.com' }, 'input `url`: "ftp://example.com" is not an http or https URL.'],
    [{ url: 'https://me:pw@example.com' }, 'input `url`: credentials in a URL are not accepted.'],
    [{ url: 'https://example.com', 'expect-sha': 'latest' }, 'input `expect-sha`: "latest" is not a commit'],
    [{ url: 'https://example.com', 'expect-status': '2xx' }, 'input `expect-status`: "2xx" is not a set'],
    [{ url: 'https://example.com', 'sha-path': '$..x' }, 'input `sha-path`'],
    [{ url: 'https://example.com', deadline: '120' }, 'input `deadline`: "120" is not a duration.'],
    [{ url: 'https://example.com', deadline: '4s' }, 'can never be green'],
    [{ url: 'https://example.com', interval: '10ms' }, 'would flood the app'],
    [{ url: 'https://example.com', via: 'server' }, 'input `host` (or the environment variable DEPLOY_HOST) is empty'],
    [{ url: 'https://example.com', headers: 'no colon' }, 'input `headers`, line 1: it is not of the form'],
    [{ url: 'https://example.com', headers: 'Content-Length: 5' }, 'is set by the gate itself'],
    [{ url: 'https://example.com', headers: 'X-A: b\u0001' }, 'that HTTP does not allow'],
    [{ service: 'api' }, 'input `service` needs input `container-port`'],
    [{ 'container-port': '80', url: 'https://example.com' }, 'input `container-port` needs input `service`'],
    [{ service: '-x', 'container-port': '0', host: 'local' }, '"0" is not a port'],
    [{ service: 'a b', 'container-port': '80', host: 'local' }, 'is not the name of a Compose service'],
    [{ service: 'api', 'container-port': '80', host: 'local', path: 'x' }, 'input `path`: "x" is not a path'],
    [{ service: 'api', 'container-port': '80', host: 'local' }, 'input `deploy-path` is required'],
    [{ checks: '- : [' }, 'input `checks`'],
    [{ checks: 'url: x' }, 'input `checks`: it is not a YAML list.'],
    [{ checks: '[]' }, 'there is nothing to check'],
    [{ checks: '- 5' }, 'check 1: it is not a map'],
    [{ checks: '- { url: "http://h/", exepct-sha: abc }' }, 'check 1: unknown key `exepct-sha`.'],
    [{ checks: '- { name: x, type: tcp, url: "http://h/" }' }, 'check 1 (x): unknown key `url`.'],
    [{ checks: '- { type: grpc }' }, '`type` "grpc" is not one of: http, tcp, container, exec.'],
    [{ checks: '- { name: x }' }, 'needs either `url` or `service`'],
    [{ checks: '- { service: api }' }, 'needs `container-port`'],
    [{ checks: '- { service: api, container-port: 80, via: runner }' }, 'only be asked with `via: server`'],
    [{ checks: '- { url: "http://h/", interval: 5 }' }, '`interval`: "5" is not a duration'],
    [{ checks: '- { url: "http://h/", container-port: 5 }' }, '`container-port` belongs to a check with `service`'],
    [{ checks: '- { url: "http://h/", sha-path: x }' }, '`sha-path` without `expect-sha`'],
    [{ checks: '- { type: tcp, address: "nohost" }' }, '"nohost" is not an address with a port'],
    [{ checks: '- { url: "http://h/" }\n- { url: "http://h/" }' }, 'two checks are called'],
    [{ checks: '- { url: "http://h/", success-threshold: 0 }' }, '`success-threshold` "0"'],
    [{ checks: '- { url: "http://h/", success-threshold: [1] }' }, '`success-threshold` is not a single value'],
    [{ checks: '- { url: "http://h/", allow-failure: true }' }, 'every check is allowed to fail'],
    [{ checks: '- { url: "http://h/", body: x }' }, '`body` needs `method: POST`'],
    [{ checks: '- { url: "http://h/", method: DELETE }' }, '`method` "DELETE" is not one of'],
    [{ checks: '- { url: "http://h/", method: HEAD, expect-body: x }' }, 'an answer to HEAD has no body'],
    [{ checks: '- { url: "http://h/", redirects: 11 }' }, '`redirects` "11" is not a whole number from 0 to 10'],
    [{ checks: '- { url: "http://h/", expect-body: "(" }' }, '`expect-body`: Invalid regular expression'],
    [{ checks: '- { url: "http://h/", expect-body: "" }' }, 'holds an empty regular expression'],
    [{ checks: '- { url: "http://h/", expect-json: { path: a } }' }, 'it needs `path` and exactly one of'],
    [{ checks: '- { url: "http://h/", expect-json: [{ path: a, equals: 1, regex: x }] }' }, 'exactly one of'],
    [{ checks: '- { url: "http://h/", expect-json: [{ path: a, equal: 1 }] }' }, 'unknown key `equal`'],
    [{ checks: '- { url: "http://h/", expect-json: [{ path: a, equals: [1] }] }' }, 'is not a text, number'],
    [{ checks: '- { url: "http://h/", expect-headers: x }' }, '`expect-headers` is not a map'],
    [{ checks: '- { url: "http://h/", max-latency: 5 }' }, '`max-latency`: "5" is not a duration'],
    [{ checks: '- { url: "http://h/", ca: x }' }, 'it holds no certificate in PEM form'],
    [{ checks: '- { url: "http://h/", connect-to: "a b" }' }, '"a b" is not an address'],
    [{ checks: '- { url: "http://h/", max-restarts: 1 }' }, '`max-restarts` belongs to a check with `service`'],
    [{ checks: '- { url: "http://h/", basic-auth: nocolon }' }, 'is not of the form `user:password`'],
    [{ checks: '- { type: container }' }, 'it needs `service`'],
    [{ checks: '- { type: container, service: a, container-port: 1 }' }, 'unknown key `container-port`'],
    [{ checks: '- { type: container, service: a, via: runner }' }, 'only be asked with `via: server`'],
    [{ checks: '- { type: exec, service: a }' }, '`command`: it is not a list of words'],
    [{ checks: '- { type: exec, service: a, command: "rm -rf /" }' }, '`command`: it is not a list of words'],
    [{ checks: '- { type: exec, service: a, command: [ls], user: "-x" }' }, 'is not a user of the container'],
    [{ checks: '- { type: exec, service: a, command: [ls] }' }, 'input `host` (or the environment variable'],
    [{ url: 'https://example.com', 'log-scan': 'panic' }, 'input `log-scan` has no containers to look at'],
    [{ url: 'https://example.com', 'log-lines': '1000' }, 'input `log-lines`: "1000" is not a whole number'],
    [{ url: 'https://example.com', ca: 'x' }, 'input `ca`: it holds no certificate'],
    [{ url: 'https://example.com', 'basic-auth': 'a:b', headers: 'Authorization: x' }, 'exclude each other'],
    [{ 'connect-to': '192.0.2.1' }, 'input `connect-to` needs input `url`'],
    [{ url: 'https://example.com', backoff: '0.5' }, 'input `backoff`: "0.5" is not a factor from 1 to 5'],
    [{ url: 'https://example.com', 'sha-compare': 'loose' }, 'input `sha-compare`: "loose" is not one of'],
    [{ checks: '- { url: "http://h/", backoff: 9 }' }, '`backoff`: "9" is not a factor'],
    [{ checks: '- { url: "http://h/", sha-compare: exact }' }, '`sha-compare` without `expect-sha`'],
    [{ url: 'https://example.com', fail: 'yes' }, 'input `fail`: "yes" is not true or false'],
  ])('refuses %j in one sentence that names it', (inputs, message) => {
    expect(() => load(inputs)).toThrow(message);
  });

  it('never quotes the value of a header that it refuses', () => {
    expect(() => load({ url: 'https://h', headers: 'X-Key: s3cret\u0001' })).not.toThrow('s3cret');
    expect(() => load({ url: 'https://h', 'basic-auth': 's3cret' })).not.toThrow('s3cret');
  });
});
