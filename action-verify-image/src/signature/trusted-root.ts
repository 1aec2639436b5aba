import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { asObject } from '@deploy-actions/kit/json/json';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };

import { asText, parseJson } from '../registry/json.ts';

/** Sigstore's public instance, as it stood when this version was built. */
const publicInstance = 'https://tuf-repo-cdn.sigstore.dev';

/**
 * The authorities that are trusted: those of the file, or Sigstore's public instance.
 * @param text trusted_root.json, or several as JSON lines (`gh attestation trusted-root`)
 * @throws ConfigurationError
 */
export function readTrustedRoots(text: string | undefined): readonly TrustedRoot[] {
  if (text === undefined) return [TrustedRoot.fromJSON(readSeed())];
  const whole = parseJson(Buffer.from(text));
  const documents =
    whole === undefined
      ? text
          .split(/\r?\n/)
          .filter((line) => line.trim() !== '')
          .map((line) => parseJson(Buffer.from(line)))
      : [whole];
  return documents.map((document) => {
    const isRoot = /^application\/vnd\.dev\.sigstore\.trustedroot/.test(asText(document?.['mediaType']) ?? '');
    if (!isRoot) {
      throw new ConfigurationError(
        'input `trusted-root`: the file is no Sigstore trusted root.',
        'Give trusted_root.json, or what `gh attestation trusted-root` prints.',
      );
    }
    return TrustedRoot.fromJSON(document);
  });
}

function readSeed(): unknown {
  const targets = asObject(asObject(asObject(seeds)[publicInstance])['targets']);
  return parseJson(Buffer.from(asText(targets['trusted_root.json']) ?? '', 'base64'));
}
