import type { Algorithms } from 'ssh2';

/**
 * What is offered to servers: nothing with SHA-1, CBC, MD5 or DSA. AES-GCM first: it is the fastest in this runtime, and
 * not touched by Terrapin. ChaCha20, which it breaks where one side has no strict key exchange, last: it is agreed on only
 * with a server that has nothing else. The SSH library knows no post-quantum key exchange yet.
 */
const keyExchanges = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
] as const;

const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
] as const;

/** Those that the system's `ssh` shall prefer to its own order, which begins with ChaCha20. */
export const preferredCiphers: readonly string[] = ciphers.filter((name) => name.startsWith('aes'));

/** Whether somebody on the way could drop messages unnoticed (Terrapin, CVE-2023-48795). Pure. */
export function isTruncatable(agreed: readonly string[], isStrict: boolean): boolean {
  return !isStrict && agreed.some((name) => name.startsWith('chacha20-poly1305') || name.includes('-cbc'));
}

const macs = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;

const hostKeyAlgorithms = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
} as const;

/** A type of host key that we can verify, as it stands in known_hosts. */
export type HostKeyType = keyof typeof hostKeyAlgorithms;

/** In the order in which they are asked for. */
export const hostKeyTypes: readonly HostKeyType[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
];

export function isHostKeyType(type: string): type is HostKeyType {
  return hostKeyTypes.some((known) => known === type);
}

/** The signature algorithms for host keys of these types. */
export function plainAlgorithms(types: readonly HostKeyType[]): readonly string[] {
  return hostKeyTypes.filter((type) => types.includes(type)).flatMap((type) => [...hostKeyAlgorithms[type]]);
}

/** The same for host certificates, of any type: who signs them says nothing about the keys that are in them. */
export function certificateAlgorithms(authorities: readonly unknown[]): readonly string[] {
  return authorities.length === 0 ? [] : plainAlgorithms(hostKeyTypes).map((name) => `${name}-cert-v01@openssh.com`);
}

/** The algorithms of a connection that accepts host keys of these types only. */
export function offeredAlgorithms(types: readonly HostKeyType[]): Algorithms {
  return {
    kex: [...keyExchanges],
    cipher: [...ciphers],
    hmac: [...macs],
    compress: ['none'],
    serverHostKey: hostKeyTypes.filter((type) => types.includes(type)).flatMap((type) => [...hostKeyAlgorithms[type]]),
  };
}
