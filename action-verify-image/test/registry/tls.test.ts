import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCertificate } from '../../../lab/src/certificate.ts';
import { runAction } from '../scenario.ts';
import { buildImage, openScriptedRegistry, type ScriptedRegistry } from '../scripted-registry.ts';

let registry: ScriptedRegistry;
let folder: string;
let host: string;

beforeAll(async () => {
  const { privateKeyPem, certificatePem } = createCertificate('localhost');
  folder = mkdtempSync(join(tmpdir(), 'verify-image-'));
  writeFileSync(join(folder, 'ca.pem'), certificatePem);
  writeFileSync(join(folder, 'other.pem'), createCertificate('localhost').certificatePem);
  registry = await openScriptedRegistry({ key: privateKeyPem, cert: certificatePem });
  registry.serveImage(buildImage(), 'v1.0.0');
  host = `localhost:${registry.host.split(':')[1] ?? ''}`;
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describe('a registry with a certificate of its own', () => {
  it('is trusted with its CA in ca-file', async () => {
    const { error, runner } = await runAction({ images: `${host}/acme/api:v1.0.0`, 'ca-file': join(folder, 'ca.pem') });
    expect(error).toBeUndefined();
    expect(runner.outputs.get('digest')).toMatch(/^sha256:/);
  });

  it('is not trusted with another CA, and is not asked again', async () => {
    const ran = await runAction({ images: `${host}/acme/api:v1.0.0`, 'ca-file': join(folder, 'other.pem') });
    expect(ran.error).toMatchObject({ code: 'TLS' });
    expect(ran.error?.evidence.join()).toContain('(1 try)');
  });
});
