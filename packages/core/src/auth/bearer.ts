import type { Authorize } from './authorize.ts';

/** `Authorization: Bearer <secret>`. */
export const bearer: Authorize = ({ url, headers }, credential) => ({
  url,
  headers: credential.secret === '' ? headers : { ...headers, authorization: `Bearer ${credential.secret}` },
});
