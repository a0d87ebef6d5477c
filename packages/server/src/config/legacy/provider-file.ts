import type { Vendor } from '@proxy/core';
import * as z from 'zod';
import { pathText } from '../problems.ts';
import { builtIn } from '../providers.ts';

// api-proxy's configs/providers/<id>.json (predecessors.md section 4): a provider in OpenAI's format by a file alone (row E19).

/** A file as it was read. */
export interface ProviderFile {
  readonly path: string;
  readonly text: string;
}

export type ReadProvider = { readonly vendor: Vendor } | { readonly skipped: string };

const schema = z.looseObject({
  provider: z.string().regex(/^[\w.-]+$/),
  base_url: z.url({ protocol: /^https?$/ }),
  request_format: z.string().default('openai'),
  headers: z.record(z.string(), z.string()).default({}),
  models: z.array(z.looseObject({ name: z.string() })).default([]),
});

/** What a file adds to our vendors, or why it is skipped: one sentence. */
export function vendorOf({ path, text }: ProviderFile): ReadProvider {
  const skipped = (why: string) => ({ skipped: `${path} is skipped: ${why}` });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return skipped('it is not JSON.');
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return skipped(`${pathText(issue?.path ?? [])}: ${issue?.message ?? 'cannot be read'}.`);
  }
  const { provider: name, base_url: baseUrl, request_format: format, headers, models } = parsed.data;
  if (builtIn.includes(name))
    return skipped(`"${name}" is a provider already. Write an upstream with a baseUrl to move it.`);
  if (format !== 'openai') return skipped(`its format is "${format}", and only OpenAI's is read from files.`);
  const withKey = Object.entries(headers).filter(([, value]) => value.includes(template));
  const others = Object.entries(headers).filter(
    ([header, value]) => !value.includes(template) && header.toLowerCase() !== 'content-type',
  );
  const [keyHeader, keyValue] = withKey[0] ?? ['authorization', `Bearer ${template}`];
  const bearer = keyHeader.toLowerCase() === 'authorization' && keyValue === `Bearer ${template}`;
  if (withKey.length > 1 || (!bearer && keyValue !== template))
    return skipped(`the key can stand alone in one header or as "Bearer ${template}", not as its headers say.`);
  return {
    vendor: {
      name,
      baseUrl,
      ...(!bearer && { keyHeader: keyHeader.toLowerCase() }),
      ...(others.length > 0 && { headers: Object.fromEntries(others) }),
      ...(models.length > 0 && { models: models.map((model) => model.name) }),
    },
  };
}

const template = '{{api_key}}';
