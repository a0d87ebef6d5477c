import { entraClientOf, entraToken } from './azure-token.ts';
import type { Authorize } from './authorize.ts';
import { headerKey } from './header-key.ts';

const apiKey = headerKey('api-key');

/** Microsoft's public cloud; sovereign clouds have others. */
const publicAuthority = 'https://login.microsoftonline.com';
const publicScope = 'https://cognitiveservices.azure.com/.default';

/**
 * Azure's key, in a header of its own; or a token of Microsoft Entra as a bearer: fetched for a client
 * (`entra:<tenant>:<client id>:<client secret>`), or given as it is, told by the shape of a JWT.
 */
export const azureKey: Authorize = async (request, credential) => {
  const { url, headers, settings, tokens } = request;
  const client = entraClientOf(credential.secret);
  if (client) {
    const { scope = publicScope, authority = publicAuthority } = settings;
    const token = await tokens.get(credential.id, (post) => entraToken(client, scope, authority, post));
    return { url, headers: { ...headers, authorization: `Bearer ${token}` } };
  }
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(credential.secret))
    return { url, headers: { ...headers, authorization: `Bearer ${credential.secret}` } };
  return apiKey(request, { ...credential, secret: deploymentKeyOf(credential.secret)?.key ?? credential.secret });
};

/** The predecessor's `resource:deployment:key` (acceptance row F9); undefined for any other secret. */
export function deploymentKeyOf(
  secret: string,
): { readonly resource: string; readonly deployment: string; readonly key: string } | undefined {
  if (secret.startsWith('entra:')) return undefined;
  const [, resource = '', deployment = '', key = ''] = /^([\w-]+):([\w.-]+):([^:]+)$/.exec(secret) ?? [];
  return key === '' ? undefined : { resource, deployment, key };
}
