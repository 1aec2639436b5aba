/**
 * What an action's tsconfig.json puts in the place of `@actions/http-client` where nothing asks GitHub: @actions/core brings
 * it (and undici, 40 % of a bundle, read and compiled at each start) for OIDC tokens alone, which nothing here requests.
 */
export const HttpClient = undefined;
export const BearerCredentialHandler = undefined;
