import type { Authorize, Credential } from './authorize.ts';
import { googleIdentityOf, googleToken, type GoogleIdentity } from './google-token.ts';
import { headerKey } from './header-key.ts';

const apiKey = headerKey('x-goog-api-key');

/**
 * Google Cloud: a token for a service account or a user (see googleIdentityOf for how the secret is written); an access
 * token given as it is (`ya29.…`); else an API key, which Vertex AI takes in express mode.
 */
export const googleKey: Authorize = async (request, credential) => {
  const { url, headers, tokens, now } = request;
  const identity = identityOf(credential);
  if (!identity && !isAccessToken(credential.secret)) return apiKey(request, credential);
  const token = identity
    ? await tokens.get(credential.id, (post) => googleToken(identity, now, post))
    : credential.secret;
  return { url, headers: { ...headers, authorization: `Bearer ${token}` } };
};

/** Whether the secret is an API key, with which no project need be named. */
export function isApiKey(credential: Credential): boolean {
  return credential.secret !== '' && !identityOf(credential) && !isAccessToken(credential.secret);
}

function isAccessToken(secret: string): boolean {
  return secret.startsWith('ya29.');
}

/** A file is parsed once, not for every request. */
const identities = new WeakMap<Credential, { readonly identity: GoogleIdentity | undefined }>();

export function identityOf(credential: Credential): GoogleIdentity | undefined {
  let known = identities.get(credential);
  if (!known) identities.set(credential, (known = { identity: googleIdentityOf(credential.secret) }));
  return known.identity;
}
