import type { KeyObject } from 'node:crypto';

/** Who must have signed, as a certificate names them. */
export interface ExpectedSigner {
  readonly issuer: string;
  /** Matches a whole identity; made by {@link identityPattern}. */
  readonly identity: RegExp;
  /** As typed, for messages. */
  readonly text: string;
  /** URL of the repository whose workflow was run (Fulcio's Source Repository URI); undefined: not looked at. */
  readonly sourceRepository: string | undefined;
}

/** Whose signature an image must carry. `trustedRoot`: text of trusted_root.json, or several as JSON lines. */
export type SignaturePolicy =
  | { readonly kind: 'none' }
  | { readonly kind: 'cosign-key'; readonly key: KeyObject }
  | { readonly kind: 'cosign-keyless'; readonly signer: ExpectedSigner; readonly trustedRoot: string | undefined }
  | {
      readonly kind: 'github-attestation';
      readonly signer: ExpectedSigner;
      readonly trustedRoot: string | undefined;
      /** `owner/name` whose attestations are asked for. */
      readonly repository: string;
      readonly apiUrl: string;
      readonly token: string | undefined;
    };

/** Policies that need a signature. */
export type DemandingPolicy = Exclude<SignaturePolicy, { readonly kind: 'none' }>;

/**
 * An identity in which `*` stands for any characters, as a pattern for the whole of it: everything else is literal, and
 * nothing may stand before or behind (an unanchored `https://github.com/acme/` would take an attacker's longer one).
 */
export function identityPattern(text: string): RegExp {
  return new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
      .join('.*')}$`,
    'u',
  );
}

/** What a certificate says of its holder. */
export interface SignerIdentity {
  readonly identity: string;
  readonly issuer: string;
  readonly sourceRepository: string | undefined;
}

/** Why this signer is not the expected one, as the end of a sentence; undefined when it is. */
export function reasonToRefuseSigner(found: SignerIdentity, expected: ExpectedSigner): string | undefined {
  if (found.issuer !== expected.issuer) return `its issuer is ${found.issuer || 'not named'}, not ${expected.issuer}`;
  if (!expected.identity.test(found.identity))
    return `it was made by ${found.identity || 'nobody named'}, not by ${expected.text}`;
  const { sourceRepository } = expected;
  if (sourceRepository === undefined || found.sourceRepository === sourceRepository) return undefined;
  return `it was made in ${found.sourceRepository ?? 'a repository that is not named'}, not in ${sourceRepository}`;
}
