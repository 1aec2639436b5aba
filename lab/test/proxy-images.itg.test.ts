import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureImages } from '../src/index.ts';
import type { Lab } from '../src/index.ts';
import { waitUntil } from '../src/poll.ts';

const name = 'lab-proxies-test';
const app = `${name}-app`;
const port = 18_795;
let lab: Lab;

async function cleanUp(): Promise<void> {
  await lab.server.docker(['rm', '-f', name, app], { allowFailure: true });
  await lab.server.docker(['network', 'rm', name], { allowFailure: true });
}

async function fetchUntil(isWanted: (response: Response) => boolean): Promise<Response> {
  const url = `http://${lab.server.address}:${String(port)}/any/path`;
  let last: Response | undefined;
  await waitUntil(
    `the wanted answer from ${url}`,
    async () => {
      last = await fetch(url).catch(() => undefined);
      return last !== undefined && isWanted(last);
    },
    180_000,
  );
  if (last === undefined) throw new Error('no answer');
  return last;
}

/** The proxy in front of the app, its configuration written into it before it starts, as a mount would put it there. */
async function serve(kind: 'nginx' | 'caddy', file: string, text: string): Promise<void> {
  const image = lab.images[kind];
  if (image === undefined) throw new Error('ensureImages("proxies") left no proxies');
  const reference = lab.reference('anonymous', image.repository, image.digest);
  const settings = ['--name', name, '--network', name, '-p', `${String(port)}:80`];
  const folder = `/srv/${name}`;
  await lab.server.exec(['sh', '-c', 'mkdir -p "$1" && cat > "$1/$2"', 'sh', folder, 'conf'], { stdin: text });
  await lab.server.docker(['run', '-d', ...settings, '-v', `${folder}/conf:${file}:ro`, reference]);
}

beforeAll(async () => {
  lab = await ensureImages('proxies');
  await cleanUp();
  await lab.server.docker(['network', 'create', name]);
  const image = lab.reference('anonymous', lab.images.app.repository, lab.images.app.v1.digest);
  await lab.server.docker(['run', '-d', '--name', app, '--network', name, image]);
});

afterAll(async () => {
  await cleanUp();
  await lab.server.exec(['rm', '-rf', `/srv/${name}`]);
});

describe('the proxies', () => {
  it('nginx serves the app, reloads, and ends gracefully at its stop signal', async () => {
    const text = `server { listen 80; location / { proxy_pass http://${app}:8000; } }\n`;
    await serve('nginx', '/etc/nginx/conf.d/default.conf', text);
    expect(await (await fetchUntil(({ ok }) => ok)).json()).toMatchObject({ git_sha: lab.images.app.v1.sha });
    await lab.server.docker(['exec', name, 'nginx', '-s', 'reload']);
    await fetchUntil(({ ok }) => ok);
    await lab.server.docker(['stop', '--time', '120', name]);
    expect((await lab.server.docker(['inspect', '-f', '{{.State.ExitCode}}', name])).stdout.trim()).toBe('0');
    await lab.server.docker(['rm', name]);
  });

  it('Caddy serves the app and answers at its admin API', async () => {
    await serve('caddy', '/etc/caddy/Caddyfile', `:80 {\n\treverse_proxy ${app}:8000\n}\n`);
    expect(await (await fetchUntil(({ ok }) => ok)).json()).toMatchObject({ git_sha: lab.images.app.v1.sha });
    const asked = ['wget', '-q', '-O', '-', 'http://127.0.0.1:2019/reverse_proxy/upstreams'];
    expect((await lab.server.docker(['exec', name, ...asked])).stdout).toContain(`${app}:8000`);
    await lab.server.docker(['rm', '-f', name]);
  });
});
