import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appImage, makeProject, type Listed, type Project } from './project.ts';

let project: Project;
let before: readonly Listed[];

const compose = `services:
  app:
    image: \${APP_IMAGE:-unset.example/app:0}
`;

beforeAll(async () => {
  project = await makeProject('rolling-refusals');
  await project.write('compose.yaml', compose);
  await project.deploy({ images: appImage(project.lab, 'v1') });
  before = await project.containers();
});

afterAll(async () => {
  await project.remove();
});

/** One clear error, the same containers, and no lease left behind. */
async function refused(inputs: Readonly<Record<string, string>>, code: string, message: string): Promise<void> {
  const result = await project.deploy(inputs);
  expect(result.exitCode).toBe(1);
  expect(result.outputs).toMatchObject({ outcome: 'refused', 'error-code': code });
  expect(result.commands.errors).toHaveLength(1);
  expect(result.log).toContain(message);
  expect(await project.containers()).toEqual(before);
  expect(await project.read('.deploy/lease.json')).toBe('');
}

describe('bad input', () => {
  it('a service that the compose file does not have is named', async () => {
    await refused({ images: appImage(project.lab, 'v2', 'nope') }, 'SERVICE_UNKNOWN', '"nope" is not a service');
  });

  it('a variable that no service uses is named', async () => {
    await refused({ images: appImage(project.lab, 'v2', 'API_IMAGE') }, 'SERVICE_UNKNOWN', 'API_IMAGE');
  });

  it('a reference without a digest is refused', async () => {
    await refused({ images: 'app=ghcr.io/acme/app:latest' }, 'INPUT_INVALID', 'has no digest');
  });

  it('a compose file that does not exist is named', async () => {
    await refused(
      { 'compose-files': 'other.yaml', images: appImage(project.lab, 'v2') },
      'COMPOSE_FILE_MISSING',
      'other.yaml',
    );
  });

  it('an env file that does not exist is named', async () => {
    await refused({ 'env-file': 'prod.env', images: appImage(project.lab, 'v2') }, 'ENV_FILE_MISSING', 'prod.env');
  });

  it('an image that the registry does not have stops before anything is touched', async () => {
    const missing = `app=${project.lab.reference('anonymous', 'lab/app', `sha256:${'0'.repeat(64)}`)}`;
    await refused({ images: missing }, 'IMAGE_PULL_FAILED', 'docker pull');
  });

  it('an image for another platform stops before anything is touched', async () => {
    const { repository, digest: other } = project.lab.images.appOtherPlatform;
    await refused(
      { images: `app=${project.lab.reference('anonymous', repository, other)}` },
      'IMAGE_MISMATCH',
      'is for',
    );
  });

  it('a deploy path that does not exist is named', async () => {
    const result = await project.deploy({ 'deploy-path': '/srv/nowhere-itg', images: appImage(project.lab, 'v1') });
    expect(result.outputs['error-code']).toBe('DEPLOY_PATH_UNUSABLE');
    expect(result.log).toContain('/srv/nowhere-itg');
  });

  it('a lease folder that does not exist is named, and the project’s own lease is not taken', async () => {
    const inputs = { 'lease-scope': 'host:/srv/nowhere-lease', images: appImage(project.lab, 'v2') };
    await refused(inputs, 'DEPLOY_PATH_UNUSABLE', '`lease-scope`: /srv/nowhere-lease');
  });

  it('a rollback to what names no release is refused, with the releases there are', async () => {
    await refused({ mode: 'rollback', to: '99' }, 'NO_RELEASE', 'input `to`');
  });

  it('an invalid compose file is refused in Compose’s own words', async () => {
    await project.write('broken.yaml', 'services:\n  app:\n    imagee: x\n');
    await refused({ 'compose-files': 'broken.yaml', images: appImage(project.lab, 'v2') }, 'COMPOSE_INVALID', 'imagee');
  });

  it('a wrong host key stops the step before it logs in', async () => {
    const other = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
    const knownHosts = `${project.lab.server.address} ssh-ed25519 ${other}`;
    await refused({ 'known-hosts': knownHosts, images: appImage(project.lab, 'v2') }, 'HOST_KEY_MISMATCH', 'host key');
  });
});
