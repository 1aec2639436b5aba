import { ReleaseRefusal } from './refusal.ts';

/** The variable with the token of one mirror: `action-verify-image` → `MIRROR_TOKEN_VERIFY_IMAGE`. */
export function nameTokenOf(folder: string): string {
  return `MIRROR_TOKEN_${folder
    .replace(/^action-/, '')
    .replaceAll('-', '_')
    .toUpperCase()}`;
}

/**
 * The environment by which git shows a token to the server of `url`, to no other, and on no command line.
 * @throws ReleaseRefusal when the token would cross a network in clear text
 */
export function signIn(url: string, token: string): NodeJS.ProcessEnv {
  const { protocol, hostname, origin } = new URL(url);
  if (protocol !== 'https:' && !(protocol === 'http:' && hostname === '127.0.0.1')) {
    throw new ReleaseRefusal([`${url}: a token is sent over https:// only.`]);
  }
  // As GitHub wants it: any user name, the token for a password.
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  };
}
