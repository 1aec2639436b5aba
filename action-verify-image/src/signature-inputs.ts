import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ConfigurationError, describeThrown } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Runner } from '@deploy-actions/kit/action/runner';

import { identityPattern, type SignaturePolicy } from './signature/policy.ts';

const kinds = ['none', 'github-attestation', 'cosign-keyless', 'cosign-key'] as const;

/**
 * Whose signature an image must carry.
 * @throws ConfigurationError also for an expectation that nothing would look at
 */
export function loadSignaturePolicy(reader: InputReader, runner: Pick<Runner, 'env'>): SignaturePolicy {
  const kind = reader.oneOf('verify', kinds);
  const identity = reader.optional('certificate-identity');
  const key = reader.optional('cosign-key');
  const repository = reader.optional('attestation-repo');
  const issuer = reader.required('certificate-oidc-issuer');
  const rootFile = reader.optional('trusted-root');
  refuseIdle(kind, { 'certificate-identity': identity, 'cosign-key': key, 'attestation-repo': repository });
  const trustedRoot = rootFile === undefined ? undefined : readText('trusted-root', rootFile);
  switch (kind) {
    case 'none':
      return { kind };
    case 'cosign-key':
      return { kind, key: readKey(key ?? missing(kind, 'cosign-key')) };
    case 'cosign-keyless': {
      const text = identity ?? missing(kind, 'certificate-identity');
      return {
        kind,
        trustedRoot,
        signer: { issuer, identity: identityPattern(text), text, sourceRepository: undefined },
      };
    }
    case 'github-attestation': {
      const repo = readRepository(repository ?? runner.env('GITHUB_REPOSITORY') ?? missing(kind, 'attestation-repo'));
      const server = runner.env('GITHUB_SERVER_URL') ?? 'https://github.com';
      const text = identity ?? `${server}/${repo}/*`;
      const signer = { issuer, identity: identityPattern(text), text, sourceRepository: `${server}/${repo}` };
      const apiUrl = runner.env('GITHUB_API_URL') ?? 'https://api.github.com';
      return { kind, trustedRoot, signer, repository: repo, apiUrl, token: reader.secret('github-token')?.trim() };
    }
  }
}

/** Which inputs each kind looks at, of those that only some do. */
const uses: Readonly<Record<(typeof kinds)[number], readonly string[]>> = {
  none: [],
  'cosign-key': ['cosign-key'],
  'cosign-keyless': ['certificate-identity'],
  'github-attestation': ['certificate-identity', 'attestation-repo'],
};

/** Somebody who names a signer believes that it is checked. */
function refuseIdle(kind: (typeof kinds)[number], given: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || uses[kind].includes(name)) continue;
    throw new ConfigurationError(`input \`${name}\` is given, but \`verify: ${kind}\` does not look at it.`);
  }
}

function missing(kind: string, name: string): never {
  throw new ConfigurationError(`input \`${name}\` is required with \`verify: ${kind}\` and was empty.`);
}

function readRepository(text: string): string {
  if (!/^[\w.-]+\/[\w.-]+$/.test(text)) throw badInput('attestation-repo', text, 'a repository: owner/name');
  return text;
}

function readKey(text: string): KeyObject {
  const pem = text.includes('-----BEGIN') ? text : readText('cosign-key', text);
  // A private key would be taken too, and its public half used: it has no business here.
  if (pem.includes('PRIVATE KEY')) {
    throw new ConfigurationError('input `cosign-key` is a private key.', 'Give the public one, cosign.pub.');
  }
  try {
    return createPublicKey(pem);
  } catch (thrown) {
    throw new ConfigurationError(`input \`cosign-key\` is no public key in PEM form: ${describeThrown(thrown)}.`);
  }
}

function readText(input: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new ConfigurationError(
      `input \`${input}\`: ${JSON.stringify(path)} cannot be read: ${describeThrown(thrown)}.`,
    );
  }
}
