import { DeployError, type ErrorDetails } from '@deploy-actions/kit/action/errors';

/** The closed set of this action's error codes; README.md says what to do about each. */
export type VerifyCode =
  | 'INPUT_INVALID'
  | 'CANCELLED'
  | 'TAG_FLOATING'
  | 'TAG_MISSING'
  | 'AUTH_MISSING'
  | 'AUTH_REJECTED'
  | 'DENIED_OR_MISSING'
  | 'PLATFORM_MISSING'
  | 'REVISION_MISMATCH'
  | 'LABEL_MISMATCH'
  | 'AGE_EXCEEDED'
  | 'SIZE_EXCEEDED'
  | 'SIGNATURE_MISSING'
  | 'SIGNATURE_INVALID'
  | 'IDENTITY_MISMATCH'
  | 'DIGEST_MISMATCH'
  | 'DIGEST_EXPECTED_MISMATCH'
  | 'DIGEST_HEADER_MISMATCH'
  | 'CONTENT_MISSING'
  | 'NOT_AN_IMAGE'
  | 'SCHEMA1'
  | 'TOO_LARGE'
  | 'ANSWER_INVALID'
  | 'RATE_LIMITED'
  | 'REGISTRY_DOWN'
  | 'TLS'
  | 'REALM_REFUSED'
  | 'REDIRECT_REFUSED';

export type VerifyError = DeployError<VerifyCode>;

export function verifyError(details: ErrorDetails<VerifyCode>): VerifyError {
  return new DeployError(details);
}

/** Text that a registry or an image chose, made safe for one line of a log: no control characters, at most 200 characters. */
export function cleanText(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean;
}
