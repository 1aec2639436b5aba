import { beforeAll, describe, expect, it } from 'vitest';
import { openLab } from '../src/index.ts';
import type { Lab } from '../src/index.ts';

let lab: Lab;
let path: string;
const accept = { accept: 'application/vnd.docker.distribution.manifest.v2+json' };

function basic(username = '', password = ''): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

function head(address: string, headers: Readonly<Record<string, string>> = {}, from = path): Promise<Response> {
  return fetch(`http://${address}${from}`, { method: 'HEAD', headers: { ...accept, ...headers } });
}

/** The token server's answer for a scope, as a client that follows the challenge gets it. */
async function askToken(scope: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const challenge = (await fetch(`http://${lab.registry.bearer.address}/v2/`)).headers.get('www-authenticate') ?? '';
  const realm = /realm="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const service = /service="([^"]+)"/.exec(challenge)?.[1] ?? '';
  return fetch(`${realm}?service=${encodeURIComponent(service)}&scope=${encodeURIComponent(scope)}`, { headers });
}

async function readToken(response: Response): Promise<string> {
  const { token } = (await response.json()) as { token: string };
  return token;
}

beforeAll(async () => {
  lab = await openLab();
  path = `/v2/${lab.images.app.repository}/manifests/${lab.images.app.v1.sha}`;
});

describe('the anonymous registry', () => {
  it('gives anybody the image under its commit and its digest', async () => {
    const response = await head(lab.registry.anonymous.address);
    expect(response.status).toBe(200);
    expect(response.headers.get('docker-content-digest')).toBe(lab.images.app.v1.digest);
  });

  it('answers 404 for a tag that is not there', async () => {
    expect((await head(lab.registry.anonymous.address, {}, `/v2/lab/app/manifests/${'0'.repeat(40)}`)).status).toBe(
      404,
    );
  });

  it('counts requests', async () => {
    const unique = `/v2/lab/app/manifests/count-${String(process.pid)}`;
    await head(lab.registry.anonymous.address, {}, unique);
    expect(lab.registry.anonymous.requests().filter((request) => request.path === unique)).toMatchObject([
      { method: 'HEAD', status: 404 },
    ]);
  });
});

describe('the htpasswd registry', () => {
  it('asks for Basic, takes both accounts and refuses a wrong password', async () => {
    const { address, username, password, readOnlyUsername, readOnlyPassword } = lab.registry.htpasswd;
    const asked = await head(address);
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="lab"']);
    expect((await head(address, basic(username, password))).status).toBe(200);
    expect((await head(address, basic(readOnlyUsername, readOnlyPassword))).status).toBe(200);
    expect((await head(address, basic(username, 'wrong'))).status).toBe(401);
  });
});

describe('the bearer registry', () => {
  it('lets the read-only account pull and not push', async () => {
    const { address, readOnlyUsername, readOnlyPassword } = lab.registry.bearer;
    const token = await readToken(
      await askToken('repository:lab/app:pull,push', basic(readOnlyUsername, readOnlyPassword)),
    );
    const authorization = `Bearer ${token}`;
    expect((await head(address, { authorization })).status).toBe(200);
    const push = await fetch(`http://${address}/v2/lab/app/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization },
    });
    expect(push.status).toBe(401);
  });

  it('lets the push account push', async () => {
    const { address, username, password } = lab.registry.bearer;
    const token = await readToken(await askToken('repository:lab/scratch:pull,push', basic(username, password)));
    const push = await fetch(`http://${address}/v2/lab/scratch/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(push.status).toBe(202);
  });

  it('denies a wrong password, and anonymous callers a private repository but not a public one', async () => {
    const { address, readOnlyUsername } = lab.registry.bearer;
    expect((await askToken('repository:lab/app:pull', basic(readOnlyUsername, 'wrong'))).status).toBe(403);
    expect((await askToken('repository:lab/app:pull')).status).toBe(401);
    const authorization = `Bearer ${await readToken(await askToken('repository:public/app:pull'))}`;
    const { repository, tag } = lab.images.appPublic;
    expect((await head(address, { authorization }, `/v2/${repository}/manifests/${tag}`)).status).toBe(200);
    expect((await head(address, { authorization })).status).toBe(401);
  });
});
