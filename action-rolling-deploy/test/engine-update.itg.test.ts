import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type ExtraServer, type Lab } from '../../lab/src/index.ts';
import { appImage, makeProject, type Listed, type Project } from './project.ts';

// A server of its own, because its Compose is exchanged.
const pluginPath = '/usr/local/lib/docker/cli-plugins/docker-compose';

let lab: Lab;
let server: ExtraServer;
let project: Project;

beforeAll(async () => {
  lab = await openLab();
  server = await lab.startServer({ name: 'engine-update', engine: 'modern', fresh: true });
  project = await makeProject('engine-update', server);
});

afterAll(async () => {
  await server.stop();
});

/** The Compose of the lab's first server goes in front of the newer one. */
async function installOlderCompose(): Promise<void> {
  const older = readFileSync(join(lab.server.tree, 'usr/libexec/docker/cli-plugins/docker-compose'));
  const install = 'mkdir -p "${1%/*}" && cat > "$1" && chmod 755 "$1"';
  await server.exec(['sh', '-c', install, 'sh', pluginPath], { stdin: older });
}

async function composeVersion(): Promise<string> {
  return (await server.docker(['compose', 'version', '--short'])).stdout.trim();
}

const compose = `services:
  web:
    image: unset.example/app:0
    expose: [8000]
    depends_on: [api]
  api:
    image: unset.example/app:0
    expose: [8000]
`;

const idOf = (listed: readonly Listed[], service: string): string | undefined =>
  listed.find((container) => container.service === service)?.id;

describe('a server whose Compose was updated', () => {
  it('gets new containers where plain up -d would make them, start-first, and is at rest afterwards', async () => {
    await project.lay(compose);
    const images = `${appImage(lab, 'v1', 'web')}\n${appImage(lab, 'v1', 'api')}`;
    await installOlderCompose();
    const older = await composeVersion();
    await project.deploy({ images });
    const before = await project.containers();
    await server.exec(['rm', pluginPath]);
    expect(await composeVersion()).not.toBe(older);
    const updated = await project.deploy({ images });
    expect(updated.outputs, updated.log).toMatchObject({ outcome: 'deployed', 'changed-services': 'web' });
    expect(updated.outputs['plan']).toContain('"action":"start-first"');
    const after = await project.containers();
    expect(idOf(after, 'api')).toBe(idOf(before, 'api'));
    expect(idOf(after, 'web')).not.toBe(idOf(before, 'web'));
    await project.upByHand();
    expect(await project.containers()).toEqual(after);
    expect((await project.deploy({ images })).outputs['outcome']).toBe('noop');
  });
});
