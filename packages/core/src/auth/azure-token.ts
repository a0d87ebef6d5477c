import { exchange } from './token-exchange.ts';
import type { PostForm, Token } from './tokens.ts';

/** An application registered with Microsoft Entra, which proves itself by a client secret. */
interface EntraClient {
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Written `entra:<tenant>:<client id>:<client secret>`; undefined for any other secret. */
export function entraClientOf(secret: string): EntraClient | undefined {
  const [, tenant = '', clientId = '', clientSecret = ''] = /^entra:([^:]+):([^:]+):(.+)$/s.exec(secret) ?? [];
  return clientSecret === '' ? undefined : { tenant, clientId, clientSecret };
}

/** The client-credentials grant of Microsoft's identity platform. `authority` is its address: other clouds have their own. */
export function entraToken(client: EntraClient, scope: string, authority: string, post: PostForm): Promise<Token> {
  const url = `${authority.replace(/\/+$/, '')}/${encodeURIComponent(client.tenant)}/oauth2/v2.0/token`;
  return exchange(post, 'Microsoft Entra', url, {
    grant_type: 'client_credentials',
    client_id: client.clientId,
    client_secret: client.clientSecret,
    scope,
  });
}
