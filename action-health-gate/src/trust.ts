import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';

declare const brand: unique symbol;
/** PEM certificates of authorities that a check trusts besides the usual ones. */
export type Authorities = string & { readonly [brand]: 'Authorities' };

/** Reads one or more PEM certificates. @throws ConfigurationError */
export function parseAuthorities(text: string, subject: string): Authorities {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const isReadable = (pem: string): boolean => {
    try {
      new X509Certificate(pem);
      return true;
    } catch {
      return false;
    }
  };
  if (blocks.length === 0 || !blocks.every(isReadable)) {
    throw new ConfigurationError(
      `${subject}: it holds no certificate in PEM form.`,
      'Give the whole text of the file, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.',
    );
  }
  return blocks.join('\n') as Authorities;
}

const contexts = new Map<Authorities, SecureContext>();

/** What TLS trusts: the usual authorities and those given. Made once, because reading them all takes milliseconds. */
export function trustContext(authorities: Authorities): SecureContext {
  const known = contexts.get(authorities);
  if (known !== undefined) return known;
  const context = createSecureContext({ ca: [...getCACertificates('default'), authorities] });
  contexts.set(authorities, context);
  return context;
}
