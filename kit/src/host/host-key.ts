import { createHash, timingSafeEqual } from 'node:crypto';
import { knownHostName, keyTypeOf, type HostKeyPin } from './known-hosts.ts';
import { hostKeyTypes, type HostKeyType } from './ssh-algorithms.ts';

/** `SHA256:` and 43 characters of base64 without padding, as `ssh-keygen -l` prints it. */
export type Fingerprint = `SHA256:${string}`;

/** Which host keys are accepted. A key that matches a pin or a fingerprint is; a revoked one never is. */
export interface HostKeyPolicy {
  readonly pins: readonly HostKeyPin[];
  readonly fingerprints: readonly Fingerprint[];
  readonly revoked: readonly Buffer[];
  /** Keys whose certificates are trusted (`@cert-authority`). Only the system's ssh can check these. */
  readonly authorities?: readonly Buffer[];
  /** `unsafe-accept-any-host-key`: every key but a revoked one is taken. */
  readonly acceptsAny?: true;
}

/** Trusts no key: for asking a server which one it has. */
export function nothingTrusted(revoked: readonly Buffer[] = []): HostKeyPolicy {
  return { pins: [], fingerprints: [], revoked };
}

/** Whether nothing says which key is right, so that no server can be trusted. */
export function isUnpinned(policy: HostKeyPolicy): boolean {
  const { pins, fingerprints, authorities = [], acceptsAny } = policy;
  return acceptsAny !== true && [pins, fingerprints, authorities].every((list) => list.length === 0);
}

export type HostKeyVerdict = 'trusted' | 'unknown' | 'revoked';

export function fingerprintOf(key: Buffer): Fingerprint {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** @returns undefined when the text is no SHA256 fingerprint; one `=` of padding is forgiven */
export function parseFingerprint(text: string): Fingerprint | undefined {
  const digits = /^SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text)?.[1];
  return digits === undefined ? undefined : `SHA256:${digits}`;
}

/** Decides about the key that a server offers. */
export function judgeHostKey(policy: HostKeyPolicy, offered: Buffer): HostKeyVerdict {
  const isOffered = (key: Buffer): boolean => key.length === offered.length && timingSafeEqual(key, offered);
  if (policy.revoked.some(isOffered)) return 'revoked';
  if (policy.acceptsAny === true) return 'trusted';
  const isPinned =
    policy.pins.some((pin) => isOffered(pin.key)) || policy.fingerprints.includes(fingerprintOf(offered));
  return isPinned ? 'trusted' : 'unknown';
}

/**
 * The key types to ask the server for, one list per connection attempt. With pins only their types are offered, so that a
 * server with several keys answers with the one that is pinned. A fingerprint does not tell its type: they are tried in turn.
 */
export function keyTypeAttempts(policy: HostKeyPolicy): readonly (readonly HostKeyType[])[] {
  if (policy.acceptsAny === true) return [hostKeyTypes];
  if (isUnpinned(policy)) return [];
  const pinned = hostKeyTypes.filter((type) => policy.pins.some((pin) => pin.type === type));
  if (policy.fingerprints.length === 0) return [pinned];
  const others = hostKeyTypes.filter((type) => !pinned.includes(type));
  const isEcdsa = (type: HostKeyType): boolean => type.startsWith('ecdsa-');
  const families = [
    pinned,
    others.filter((type) => type === 'ssh-ed25519'),
    others.filter(isEcdsa),
    others.filter((type) => type === 'ssh-rsa'),
  ];
  return families.filter((family) => family.length > 0);
}

/** The line to paste into known-hosts for a key that a server offered. */
export function knownHostsLine(host: string, port: number, key: Buffer): string {
  return `${knownHostName(host, port)} ${keyTypeOf(key) ?? 'unknown'} ${key.toString('base64')}`;
}
