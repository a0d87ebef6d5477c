import type { Authorize } from './authorize.ts';

/** The secret alone in a header of the vendor's own: `x-api-key`, `x-goog-api-key`, `api-key`. */
export function headerKey(name: string): Authorize {
  return ({ url, headers }, credential) => ({
    url,
    headers: credential.secret === '' ? headers : { ...headers, [name]: credential.secret },
  });
}
