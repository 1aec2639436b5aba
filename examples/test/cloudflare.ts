import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a scripted Cloudflare does on purpose. */
export interface CloudflareScript {
  /** The project's production branch; undefined: there is no such project. */
  readonly productionBranch?: string | undefined;
  readonly token: string;
  /** How the stage `deploy` ends, or `active` for one that does not end. */
  readonly deployStage?: 'success' | 'failure' | 'active';
  /** The site answers on this server: with the commit that was deployed last, or still with another. Default: no site. */
  readonly serves?: 'commit' | 'old';
}

export interface Cloudflare extends AsyncDisposable {
  /** For CLOUDFLARE_API_BASE_URL. */
  readonly url: string;
  /** Forms of `POST …/deployments`, as text. */
  readonly deployments: readonly string[];
}

const account = 'acc0';
const deployment = { id: 'dep1', project_name: 'site', aliases: [] };
/** What is served where a deployment changed nothing. */
const oldCommit = '0'.repeat(40);

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The calls of `wrangler pages deploy`, offline; the order and the fields are those that wrangler 4 was seen to use. */
export async function startCloudflare(script: CloudflareScript): Promise<Cloudflare> {
  const deployments: string[] = [];
  const { productionBranch, token, deployStage = 'success', serves } = script;
  let url = 'https://dep1.site.pages.dev';
  const jwt = `${encode({ alg: 'none' })}.${encode({ exp: 4_102_444_800, max_file_count_allowed: 20_000 })}.x`;
  const stage = { name: 'deploy', status: deployStage };
  const answer = (method: string, path: string, body: string): unknown => {
    const project = `/accounts/${account}/pages/projects/site`;
    if (path === project)
      return {
        name: 'site',
        production_branch: productionBranch,
        subdomain: 'site.pages.dev',
        deployment_configs: { production: {}, preview: {} },
      };
    if (path === `${project}/upload-token`) return { jwt };
    if (path === '/pages/assets/check-missing') return [];
    if (path === '/pages/assets/upload' || path === '/pages/assets/upsert-hashes') return null;
    if (path.startsWith(`${project}/deployments`)) {
      if (method === 'POST') deployments.push(body);
      const branch = /name="branch"\r\n\r\n([^\r]*)/.exec(deployments.at(-1) ?? '')?.[1];
      const environment = branch === productionBranch ? 'production' : 'preview';
      if (path.endsWith('/logs'))
        return { data: [{ ts: '2026-01-01T00:00:00Z', line: 'broken on purpose' }], total: 1 };
      return {
        ...deployment,
        url,
        environment,
        production_branch: productionBranch,
        latest_stage: stage,
        stages: [stage],
      };
    }
    return undefined;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      if (path === '/site/version.json') {
        const commit = /name="commit_hash"\r\n\r\n([^\r]*)/.exec(deployments.at(-1) ?? '')?.[1];
        response.end(JSON.stringify({ git_sha: serves === 'old' ? oldCommit : commit }));
        return;
      }
      const isKnown = [`Bearer ${token}`, `Bearer ${jwt}`].includes(request.headers.authorization ?? '');
      const refusal = !isKnown
        ? { status: 403, code: 10_000, message: 'Authentication error' }
        : productionBranch === undefined
          ? { status: 404, code: 8_000_007, message: 'Project not found' }
          : undefined;
      const result =
        refusal === undefined ? answer(request.method ?? '', path, Buffer.concat(chunks).toString()) : null;
      const errors = refusal === undefined ? [] : [{ code: refusal.code, message: refusal.message }];
      response.writeHead(refusal?.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ success: errors.length === 0, errors, messages: [], result }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  if (serves !== undefined) url = `http://127.0.0.1:${port}/site`;
  return {
    url: `http://127.0.0.1:${port}`,
    deployments,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
