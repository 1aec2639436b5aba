import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeployError } from '../../src/action/errors.ts';
import { githubClient, githubClientOf, type GithubClient } from '../../src/github/client.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}
interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly hangs?: boolean;
}

/** A scripted GitHub API on loopback: answers in order, the last one again and again. */
async function fakeApi(answers: readonly Answer[]) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      calls.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      const answer = answers[Math.min(calls.length, answers.length) - 1];
      if (answer === undefined || answer.hangs === true) return;
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url, calls, close };
}

let api: Awaited<ReturnType<typeof fakeApi>> | undefined;

async function clientOf(answers: readonly Answer[], timeoutMs = 60_000): Promise<GithubClient> {
  api = await fakeApi(answers);
  return githubClient({ token: 'ghs_secret', repository: 'acme/shop', apiUrl: api.url, timeoutMs });
}

beforeEach(() => {
  api = undefined;
});
afterEach(() => api?.close());

describe('githubClient', () => {
  it('creates a deployment that neither merges nor waits for checks, with its payload', async () => {
    const client = await clientOf([{ status: 201, body: { id: 42 } }]);
    const payload = { digests: { api: { from: 'sha256:a', to: 'sha256:b' } } };
    const id = await client.createDeployment({ ref: 'abc1234', environment: 'prod', description: 'v2', payload });
    expect(id).toBe(42);
    expect(api?.calls[0]).toMatchObject({
      method: 'POST',
      path: '/api/v3/repos/acme/shop/deployments',
      body: { ref: 'abc1234', environment: 'prod', auto_merge: false, required_contexts: [], payload },
    });
    expect(api?.calls[0]?.headers.authorization).toBe('token ghs_secret');
  });

  it('sets the status of a deployment with its links', async () => {
    const client = await clientOf([{ status: 201, body: {} }]);
    await client.setDeploymentStatus(42, {
      state: 'failure',
      description: 'rolled back',
      environmentUrl: 'https://example.com',
      logUrl: 'https://github.com/acme/shop/actions/runs/1',
    });
    expect(api?.calls[0]).toMatchObject({
      path: '/api/v3/repos/acme/shop/deployments/42/statuses',
      body: { state: 'failure', environment_url: 'https://example.com' },
    });
  });

  it('lists who approved a run', async () => {
    const body = [
      { state: 'approved', comment: 'go', user: { login: 'ada' }, environments: [{ name: 'prod', id: 1 }] },
      { state: 'unheard-of', user: { login: 'bob' }, environments: [] },
    ];
    const client = await clientOf([{ status: 200, body }]);
    expect(await client.listApprovals(7)).toEqual([
      { state: 'approved', reviewer: 'ada', environments: ['prod'], comment: 'go' },
    ]);
    expect(api?.calls[0]?.path).toBe('/api/v3/repos/acme/shop/actions/runs/7/approvals');
  });

  it.each([
    ['in_progress', false],
    ['queued', false],
    ['waiting', false],
    ['completed', true],
  ])('knows whether a run in status %s is finished', async (status, isFinished) => {
    const client = await clientOf([{ status: 200, body: { status, run_attempt: 2 } }]);
    expect(await client.getRunState(7)).toEqual({ isFinished, status, attempt: 2 });
  });

  it.each(['identical', 'ahead', 'behind', 'diverged'] as const)('compares two commits: %s', async (status) => {
    const client = await clientOf([{ status: 200, body: { status, commits: [] } }]);
    expect(await client.compareCommits('aaa', 'bbb')).toBe(status);
    expect(api?.calls[0]?.path).toBe('/api/v3/repos/acme/shop/compare/aaa...bbb?per_page=1');
  });

  it('lists the files of a pull request and between two commits, with both names of a rename', async () => {
    const files = [{ filename: 'b', previous_filename: 'a' }, { filename: 'c' }];
    const expected = { files: [{ path: 'b', previousPath: 'a' }, { path: 'c' }], isTruncated: false };
    const client = await clientOf([
      { status: 200, body: files },
      { status: 200, body: { status: 'ahead', files } },
    ]);
    expect(await client.listPullRequestFiles(2)).toEqual(expected);
    expect(await client.listComparedFiles('aaa', 'bbb')).toEqual(expected);
    expect(api?.calls.map(({ path }) => path)).toEqual([
      '/api/v3/repos/acme/shop/pulls/2/files?per_page=100',
      '/api/v3/repos/acme/shop/compare/aaa...bbb?per_page=1',
    ]);
  });

  it('says when a comparison has as many files as GitHub ever lists', async () => {
    const files = Array.from({ length: 300 }, (_, index) => ({ filename: `f${index}` }));
    const client = await clientOf([{ status: 200, body: { status: 'ahead', files } }]);
    expect((await client.listComparedFiles('aaa', 'bbb')).isTruncated).toBe(true);
  });

  it('names the missing permission of a 403', async () => {
    const client = await clientOf([{ status: 403, body: { message: 'Resource not accessible by integration' } }]);
    await expect(client.listApprovals(7)).rejects.toMatchObject({
      code: 'GITHUB_FORBIDDEN',
      message: 'GitHub: could not list who approved this run: GitHub answered 403, the token lacks `actions: read`.',
      hint: "Add `actions: read` to the job's `permissions:`.",
    });
  });

  it.each([
    [{ status: 401, body: { message: 'Bad credentials' } }, 'GITHUB_TOKEN_REJECTED'],
    [{ status: 404, body: { message: 'Not Found' } }, 'GITHUB_FORBIDDEN'],
    [{ status: 403, body: { message: 'API rate limit exceeded' } }, 'GITHUB_REQUEST_FAILED'],
    [{ status: 409, body: { message: 'Conflict merging main' } }, 'GITHUB_REQUEST_FAILED'],
    [{ status: 500, body: { message: 'boom' } }, 'GITHUB_REQUEST_FAILED'],
    [{ status: 202, body: { message: 'Auto-merged main' } }, 'GITHUB_REQUEST_FAILED'],
  ])('tells the answer %j apart as %s, without the token', async (answer, code) => {
    const client = await clientOf([answer]);
    const failure = client.createDeployment({ ref: 'abc', environment: 'prod', description: '', payload: {} });
    const error: unknown = await failure.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DeployError);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain('ghs_secret');
  });

  it('gives up on an API that does not answer', async () => {
    const client = await clientOf([{ status: 200, body: [], hangs: true }], 100);
    await expect(client.listApprovals(7)).rejects.toMatchObject({ code: 'GITHUB_UNREACHABLE' });
  });

  it('says that nothing answers where the API should be', async () => {
    const client = await clientOf([]);
    api?.close();
    await expect(client.listApprovals(7)).rejects.toMatchObject({ code: 'GITHUB_UNREACHABLE' });
  });

  it('ends with the reason of the step when that is cancelled', async () => {
    const abort = new AbortController();
    api = await fakeApi([{ status: 200, body: [], hangs: true }]);
    const client = githubClient({ token: 't', repository: 'a/b', apiUrl: api.url, signal: abort.signal });
    const reason = new DeployError({ code: 'CANCELLED', message: 'cancelled' });
    const pending = client.listApprovals(1);
    abort.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('githubClientOf', () => {
  it('asks the API that the runner names, and is absent outside GitHub Actions', async () => {
    api = await fakeApi([{ status: 200, body: [] }]);
    const runner = fakeRunner({}, { GITHUB_REPOSITORY: 'acme/shop', GITHUB_API_URL: api.url });
    const { signal } = new AbortController();
    expect(await githubClientOf(runner, 't', signal)?.listApprovals(3)).toEqual([]);
    expect(githubClientOf(fakeRunner(), 't', signal)).toBeUndefined();
  });
});
