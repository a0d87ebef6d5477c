import type { Authorize } from './authorize.ts';
import { bearer } from './bearer.ts';
import { headerKey } from './header-key.ts';

const apiKey = headerKey('x-api-key');

/** Anthropic's own keys go as x-api-key; what compatible vendors and OAuth issue goes as a bearer token (acceptance row D4). */
export const anthropicKey: Authorize = (request, credential) =>
  credential.secret.startsWith('sk-ant-') && !credential.secret.startsWith('sk-ant-oat')
    ? apiKey(request, credential)
    : bearer(request, credential);
