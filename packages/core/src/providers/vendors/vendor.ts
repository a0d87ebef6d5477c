import { bearer } from '../../auth/bearer.ts';
import { headerKey } from '../../auth/header-key.ts';
import type { HeaderMap } from '../../dialects/dialect.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { openaiCompatible } from '../openai-compatible.ts';
import { openai } from '../openai.ts';
import type { Provider } from '../provider.ts';

/** A vendor that imitates OpenAI, as data: a row of our table, or of somebody's configuration. */
export interface Vendor {
  readonly name: string;
  /** With its version, or ending in `#` where it has none: see joinUrl. */
  readonly baseUrl: string;
  /** Names of the models at home here, as in Provider. */
  readonly models?: readonly string[];
  /** The header that carries the key alone; absent: `Authorization: Bearer`. */
  readonly keyHeader?: string;
  /** Its Responses API is there as well, and better than its Chat. */
  readonly responses?: boolean;
  /** Sent with every request. */
  readonly headers?: HeaderMap;
  /** What holds for every model there: its quirks. What is a model's own is in models/openai.ts. */
  readonly facts?: ModelFacts;
  /** Absent: `<NAME>_API_KEY`. */
  readonly keyVariables?: readonly string[];
  readonly keyless?: boolean;
}

/** The vendor as a place. */
export function vendorProvider(vendor: Vendor): Provider {
  const { name, baseUrl, models, keyHeader, responses = false, headers, facts, keyVariables, keyless } = vendor;
  const prefix = name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
  return {
    ...openaiCompatible,
    name,
    baseUrl,
    speaks: responses ? openai.speaks : openaiCompatible.speaks,
    authorize: keyHeader === undefined ? bearer : headerKey(keyHeader.toLowerCase()),
    facts: { ...openaiCompatible.facts, ...facts },
    keyless: keyless ?? false,
    variables: { key: keyVariables ?? [`${prefix}_API_KEY`], baseUrl: [`${prefix}_BASE_URL`] },
    ...(models && { models }),
    ...(headers && { headers: lowerCased(headers) }),
  };
}

function lowerCased(headers: HeaderMap): HeaderMap {
  return Object.fromEntries(Object.entries(headers).map(([header, value]) => [header.toLowerCase(), value]));
}
