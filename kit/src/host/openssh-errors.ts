import type { FailedAttempt } from './ssh-errors.ts';

/** What `ssh` said when it did not connect, in the words of {@link FailedAttempt}. */
export type OpensshFailure =
  | { readonly kind: 'host-key' }
  /** A host on the way would not go on (`prohibited`), or could not. */
  | { readonly kind: 'forward'; readonly isProhibited: boolean; readonly why: string }
  | { readonly kind: 'failed'; readonly failed: FailedAttempt; readonly login: string | undefined };

type Rule = readonly [RegExp, Pick<FailedAttempt, 'phase'> & Partial<FailedAttempt>];

/** Messages of OpenSSH 8.0 to 10, most telling first. */
const rules: readonly Rule[] = [
  [/no matching .*/i, { phase: 'handshake', level: 'handshake' }],
  [
    /Permission denied|Too many authentication failures|No more authentication methods/,
    { phase: 'authentication', level: 'client-authentication' },
  ],
  [/Could not resolve hostname .*(Temporary failure|try again).*/i, { phase: 'dial', errno: 'EAI_AGAIN' }],
  [/Could not resolve hostname.*/, { phase: 'dial', errno: 'ENOTFOUND' }],
  [/timed out during banner exchange/, { phase: 'banner', level: 'client-timeout' }],
  [/connect to .* port \d+: Connection refused/, { phase: 'dial', errno: 'ECONNREFUSED' }],
  [/connect to .* port \d+: (Connection|Operation) timed out/, { phase: 'dial', errno: 'ETIMEDOUT' }],
  [/connect to .* port \d+: Connection reset by peer/, { phase: 'banner', errno: 'ECONNRESET' }],
  [/connect to .* port \d+: No route to host/, { phase: 'dial', errno: 'EHOSTUNREACH' }],
  [/connect to .* port \d+: Network is unreachable/, { phase: 'dial', errno: 'ENETUNREACH' }],
  [
    /(kex_exchange_identification|ssh_exchange_identification|banner exchange): .*/,
    { phase: 'banner', errno: 'ECONNRESET' },
  ],
  [/Connection (reset|closed) by .*/, { phase: 'handshake', errno: 'ECONNRESET' }],
];

/** Pure. Reads the stderr of an `ssh` that ended without a connection. */
export function explainOpenssh(lines: readonly string[], code: number): OpensshFailure {
  const said = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('**'));
  const text = said.join('\n');
  if (text.includes('Host key verification failed') || /Host key .* has been revoked|is marked as revoked/.test(text))
    return { kind: 'host-key' };
  const refusal = /open failed: (administratively prohibited|connect failed): ?(.*)/.exec(text);
  if (refusal !== null) {
    return {
      kind: 'forward',
      isProhibited: refusal[1] === 'administratively prohibited',
      why: refusal[2] ?? 'connect failed',
    };
  }
  const login = /^(\S+@\S+): Permission denied/m.exec(text)?.[1];
  for (const [pattern, found] of rules) {
    const match = pattern.exec(text);
    if (match !== null) return { kind: 'failed', login, failed: { ...blank, ...found, message: match[0].trim() } };
  }
  const message =
    code === 127 ? 'there is no `ssh` on this runner' : (said.at(-1) ?? `ssh ended with exit code ${code}`);
  return { kind: 'failed', login, failed: { ...blank, phase: 'dial', message } };
}

const blank = { errno: undefined, level: undefined, lastWords: '' } as const;
