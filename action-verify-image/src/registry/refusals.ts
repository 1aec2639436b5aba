import { imageName, type ImageRef } from '@deploy-actions/kit/image/image-ref';

import { verifyError, type VerifyError } from '../failures.ts';
import type { Target } from './authenticator.ts';
import type { Answer } from './http.ts';
import { describeAnswer, parseRegistryErrors } from './registry-errors.ts';

/** What was asked and how, when a registry answered anything but 200. */
export interface Refusal {
  readonly image: ImageRef;
  /** Tag or digest asked for; undefined for content that a manifest refers to. */
  readonly reference: string | undefined;
  readonly url: URL;
  /** Did another host answer, after a redirect? Then it had no credentials of ours. */
  readonly isAway: boolean;
  readonly answer: Answer;
  /** The Authorization header's scheme; undefined when none was sent. */
  readonly sent: 'basic' | 'bearer' | undefined;
  /** Where the credentials come from; undefined when there are none. */
  readonly account: string | undefined;
  readonly redact: (text: string) => string;
}

/** The error for an answer other than 200. Only a 404, given to somebody who may read, means that something is absent. */
export function judgeRefusal(refusal: Refusal): VerifyError {
  const { image, url, answer, redact } = refusal;
  const evidence = [redact(describeAnswer(url, answer))];
  if (refusal.isAway) {
    return verifyError({
      code: 'ANSWER_INVALID',
      message: `${image.registry} redirects ${image.text} to ${url.host}, which answered ${answer.status}.`,
      hint: 'The storage behind the registry refuses what the registry allowed: a fault of its setup, or a clock that is wrong.',
      evidence,
    });
  }
  switch (answer.status) {
    case 401:
      return refusal.sent === 'basic'
        ? rejectedError(image.registry, refusal.account, evidence)
        : deniedError(refusal, evidence);
    case 403:
      return deniedError(refusal, evidence);
    case 404:
      return missingError(refusal, evidence);
    default:
      return verifyError({
        code: 'ANSWER_INVALID',
        message: `${image.registry} answered ${answer.status} for ${image.text}.`,
        hint: 'That is no answer of a registry: look at what answers under this name.',
        evidence,
      });
  }
}

/** The error for a token endpoint that gave no token. GHCR refuses here for packages that are private or absent. */
export function judgeTokenRefusal(
  { endpoint, repository }: Target,
  url: URL,
  answer: Answer,
  account: string | undefined,
  redact: (text: string) => string,
): VerifyError {
  const evidence = [redact(describeAnswer(url, answer))];
  if (answer.status === 401 && account !== undefined) return rejectedError(endpoint.registry, account, evidence);
  if (answer.status === 401 || answer.status === 403) {
    return refusedError(
      endpoint.registry,
      repository,
      `the token request was answered ${answer.status}`,
      account,
      evidence,
    );
  }
  return verifyError({
    code: 'ANSWER_INVALID',
    message: `${endpoint.registry}: ${url.origin}${url.pathname} answered ${answer.status} instead of a token.`,
    hint: 'Look at what answers under this address.',
    evidence,
  });
}

function rejectedError(registry: string, account: string | undefined, evidence: readonly string[]): VerifyError {
  return verifyError({
    code: 'AUTH_REJECTED',
    message: `${registry} does not accept the credentials from ${account ?? 'the inputs'}.`,
    hint: 'Expired, revoked, or of another registry? Renew them.',
    evidence,
  });
}

function deniedError({ image, answer, account }: Refusal, evidence: readonly string[]): VerifyError {
  return refusedError(image.registry, image.repository, `it answered ${answer.status}`, account, evidence);
}

function refusedError(
  registry: string,
  repository: string,
  seen: string,
  account: string | undefined,
  evidence: readonly string[],
): VerifyError {
  const remedy =
    account === undefined
      ? 'Check the spelling; for a private one set `registry-username` and `registry-password`'
      : `Check the spelling, that the credentials from ${account} are right, and that the account may read it`;
  const ghcr =
    registry === 'ghcr.io' ? '. On GHCR: give the job `packages: read` and the package access for this repository' : '';
  return verifyError({
    code: 'DENIED_OR_MISSING',
    message: `${registry} refuses to show ${repository}: ${seen}. It is private or absent; the registry does not say which.`,
    hint: `${remedy}${ghcr}.`,
    evidence,
  });
}

function missingError({ image, reference, answer }: Refusal, evidence: readonly string[]): VerifyError {
  if (reference === undefined) {
    return verifyError({
      code: 'CONTENT_MISSING',
      message: `${image.text}: the manifest exists, but content it refers to does not.`,
      hint: 'The push was cut off or the registry lost data: push the image again.',
      evidence,
    });
  }
  const errors = parseRegistryErrors(answer.body);
  const isRepositoryUnknown = errors.some(({ code }) => code === 'NAME_UNKNOWN');
  const kind = reference.includes(':') ? 'digest' : 'tag';
  const what = isRepositoryUnknown ? 'it knows no such repository' : `${kind} ${reference} is absent`;
  const doubt = errors.length > 0 ? '' : ` The answer has no registry’s form: is ${image.registry} one?`;
  return verifyError({
    code: 'TAG_MISSING',
    message: `${imageName(image)} can be asked for, but ${what} (${image.text}).`,
    hint: `Did the build push this ${kind}, and to this registry?${doubt}`,
    evidence,
  });
}
