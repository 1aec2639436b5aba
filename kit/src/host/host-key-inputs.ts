import { ConfigurationError } from '../action/errors.ts';
import type { InputReader } from '../action/inputs.ts';
import { nothingTrusted, parseFingerprint, type Fingerprint, type HostKeyPolicy } from './host-key.ts';
import { findKnownHost, knownHostName, parseKnownHosts, type KnownHost } from './known-hosts.ts';

/** What the inputs say about host keys, for any host on the way. */
export interface HostKeyInputs {
  readonly knownHosts: string | undefined;
  /** Of the last host only. */
  readonly fingerprints: readonly Fingerprint[];
  readonly acceptsAny: boolean;
}

/**
 * Reads `known-hosts`, `host-fingerprint` and `unsafe-accept-any-host-key`. The last one has no variable to fall back on:
 * each step that gives up the check says so itself.
 * @throws ConfigurationError naming the input
 */
export function readHostKeyInputs(inputs: InputReader): HostKeyInputs {
  const knownHosts = inputs.optional('known-hosts', { env: 'DEPLOY_KNOWN_HOSTS' });
  const fingerprint = inputs.optional('host-fingerprint', { env: 'DEPLOY_HOST_FINGERPRINT' });
  const isGiven = inputs.optional('unsafe-accept-any-host-key') !== undefined;
  const acceptsAny = isGiven && inputs.flag('unsafe-accept-any-host-key');
  if (acceptsAny && (knownHosts !== undefined || fingerprint !== undefined)) {
    const other = knownHosts === undefined ? 'host-fingerprint' : 'known-hosts';
    throw new ConfigurationError(
      `input \`unsafe-accept-any-host-key\` is true, but \`${other}\` (or its DEPLOY_* variable) is given too: only one of them can hold.`,
      `Leave \`unsafe-accept-any-host-key\` out: the host key is checked against \`${other}\` then.`,
    );
  }
  return { knownHosts, fingerprints: parseFingerprints(fingerprint ?? ''), acceptsAny };
}

/**
 * Which keys of one host are trusted. Where nothing at all is given none is, and connecting ends with an error that
 * shows the key that the host offered.
 * @throws ConfigurationError when `known-hosts` has no usable line for the host
 */
export function hostKeyPolicy(
  { knownHosts, fingerprints, acceptsAny }: HostKeyInputs,
  host: string,
  port: number,
): HostKeyPolicy {
  if (acceptsAny) return { ...nothingTrusted(), acceptsAny };
  if (knownHosts === undefined) return { ...nothingTrusted(), fingerprints };
  const known = findKnownHost(parseKnownHosts(knownHosts, 'input `known-hosts`'), host, port);
  const { pins, revoked, authorities } = known;
  if (pins.length + fingerprints.length + authorities.length === 0) throw noUsableLine(known, knownHosts, host, port);
  return { pins, revoked, fingerprints, ...(authorities.length === 0 ? {} : { authorities }) };
}

function parseFingerprints(text: string): readonly Fingerprint[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((word) => {
      const fingerprint = parseFingerprint(word);
      if (fingerprint !== undefined) return fingerprint;
      throw new ConfigurationError(
        `input \`host-fingerprint\`: ${JSON.stringify(word)} is not a SHA256 fingerprint (\`SHA256:\` and 43 characters).`,
        'On the server run: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub  — and give the second word of its answer. MD5 fingerprints are not accepted.',
      );
    });
}

function noUsableLine(known: KnownHost, text: string, host: string, port: number): ConfigurationError {
  const name = knownHostName(host, port);
  const keyscan = `Add the line that \`ssh-keyscan${port === 22 ? '' : ` -p ${port}`} ${host}\` prints, after comparing it with the server's own key.`;
  if (known.revoked.length > 0) {
    return new ConfigurationError(`input \`known-hosts\`: the lines for ${name} only revoke keys.`, keyscan);
  }
  if (known.unusableTypes.length > 0) {
    return new ConfigurationError(
      `input \`known-hosts\`: the key types for ${name} (${known.unusableTypes.join(', ')}) cannot be checked here.`,
      keyscan,
    );
  }
  const elsewhere = findOtherPort(text, host, port);
  const seen = elsewhere === undefined ? '' : ` It has one for port ${elsewhere}; is \`port\` right?`;
  return new ConfigurationError(`input \`known-hosts\` has no line for ${name}.${seen}`, keyscan);
}

/** The port under which known-hosts has this host, for the message; hashed names cannot be searched. */
function findOtherPort(text: string, host: string, port: number): number | undefined {
  const lines = parseKnownHosts(text, 'input `known-hosts`');
  const named = lines.flatMap((line) => [...line.names.matchAll(/\[[^\]]+\]:(\d+)/g)].map((match) => Number(match[1])));
  return [22, ...named].find((other) => other !== port && findKnownHost(lines, host, other).pins.length > 0);
}
