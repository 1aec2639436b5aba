/** What proves to one registry who asks. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string; readonly source: string }
  /** Given out by `docker login`, exchanged for each pull token; the token server may know no password at all. */
  | { readonly kind: 'identity-token'; readonly username: string; readonly token: string; readonly source: string }
  /** A pull token that somebody else has fetched. `source` says where it came from, for messages. */
  | { readonly kind: 'pull-token'; readonly token: string; readonly source: string };

/** The parts that must not be shown. */
export function secretsOf(credentials: Credentials): readonly string[] {
  return credentials.kind === 'password' ? [credentials.password] : [credentials.token];
}

/** The user name that says that the password is an identity token (docker-credential-helpers). */
export const tokenUsername = '<token>';

export function passwordOrToken(username: string, secret: string, source: string): Credentials {
  return username === tokenUsername
    ? { kind: 'identity-token', username, token: secret, source }
    : { kind: 'password', username, password: secret, source };
}
