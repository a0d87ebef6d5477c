import type { HeaderMap } from '../dialects/dialect.ts';
import type { Authorize } from './authorize.ts';

/** `Authorization: Bearer <secret>`. */
export const bearer: Authorize = ({ url, headers }, credential) => ({
  url,
  headers: credential.secret === '' ? headers : { ...headers, authorization: `Bearer ${credential.secret}` },
});

const usual = 'Bearer ';

/** The token that a caller shows in its `authorization` header; undefined when it shows none. */
export function bearerToken({ authorization = '' }: HeaderMap): string | undefined {
  // As nearly everybody writes it; an expression takes longer to say so.
  if (authorization.startsWith(usual) && authorization.lastIndexOf(' ') < usual.length && authorization !== usual)
    return authorization.slice(usual.length);
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization)?.[1];
}
