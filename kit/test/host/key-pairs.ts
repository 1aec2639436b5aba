import ssh2 from 'ssh2';

/**
 * A key pair of type ed25519 in OpenSSH's format. ssh2 1.17 drops leading zero bytes of what it generates (mscdex/ssh2#1390),
 * so that one key in some two hundred cannot be read by anybody: such a one is thrown away.
 */
export function makeEd25519Pair(passphrase?: string): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair =
      passphrase === undefined
        ? ssh2.utils.generateKeyPairSync('ed25519')
        : ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-ctr', rounds: 4 });
    const isReadable = [ssh2.utils.parseKey(pair.private, passphrase), ssh2.utils.parseKey(pair.public)].every(
      (parsed) => !(parsed instanceof Error),
    );
    if (isReadable) return pair;
  }
}
