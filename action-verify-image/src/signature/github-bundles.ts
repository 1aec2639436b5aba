import type { Digest } from '@deploy-actions/kit/image/digest';
import { listAttestations } from '@deploy-actions/kit/github/attestations';

import { verifyError, type VerifyError } from '../failures.ts';
import { parseJson } from '../registry/json.ts';
import type { Download } from '../registry/transfer.ts';
import type { Candidate } from './candidates.ts';
import type { DemandingPolicy } from './policy.ts';
import { unpackSnappy } from './snappy.ts';

const longestBundleBytes = 8 * 1024 * 1024;

/**
 * What GitHub keeps for a digest. Its API answers with bundles, or (since July 2026) with the address of each in a store
 * of blobs: signed for this one read, so the token has no business there.
 */
export async function* findGithubBundles(
  { repository, apiUrl, token }: DemandingPolicy & { readonly kind: 'github-attestation' },
  digest: Digest,
  bounds: { readonly signal: AbortSignal; readonly timeoutMs: number },
  download: Download,
): AsyncGenerator<Candidate> {
  if (token === undefined) return;
  const from = `GitHub, ${repository}`;
  for (const { bundle, url } of await listAttestations({ token, repository, apiUrl, ...bounds }, digest)) {
    if (bundle !== undefined) yield { kind: 'bundle', bundle, from };
    else if (url !== undefined) yield { kind: 'bundle', bundle: await fetchBundle(url, apiUrl, download), from };
  }
}

async function fetchBundle(
  text: string,
  apiUrl: string,
  download: Download,
): Promise<Readonly<Record<string, unknown>>> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // As safe as the API itself.
  if (url?.protocol !== 'https:' && url?.protocol !== new URL(apiUrl).protocol) throw unreadable(url, 'not asked for');
  const bytes = await download(url, longestBundleBytes);
  if (bytes === undefined) throw unreadable(url, 'refused');
  const bundle = parseJson(bytes) ?? parseJson(unpackSnappy(bytes, longestBundleBytes) ?? new Uint8Array());
  if (bundle === undefined) throw unreadable(url, 'no JSON, packed or not');
  return bundle;
}

function unreadable(url: URL | undefined, what: string): VerifyError {
  return verifyError({
    code: 'ANSWER_INVALID',
    message: `GitHub names ${url === undefined ? 'something' : `${url.origin}${url.pathname}`} as the place of an attestation, which is ${what}.`,
    hint: 'Run again; if it stays so, GitHub has changed how it keeps attestations, and this action needs an update.',
  });
}
