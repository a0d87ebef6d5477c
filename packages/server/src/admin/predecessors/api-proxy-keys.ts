import * as z from 'zod';
import type { Config } from '../../config/config.ts';
import { knownProviders } from '../../config/providers.ts';
import { unknownName } from '../../config/problems.ts';
import type { CredentialDetails, StoredCredential } from '../../storage/credentials.ts';
import { operation, type Operation } from '../operation.ts';
import { found, Refusal } from '../refusal.ts';
import { id } from '../schemas.ts';

const quota = z.int().min(-1);

const written = {
  name: z.string().max(200).exactOptional(),
  base_url: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).exactOptional(),
  cost_per_request: z.number().min(0).exactOptional(),
  remaining_quota: quota.exactOptional(),
  total_quota: quota.exactOptional(),
  is_active: z
    .union([z.boolean(), z.literal(0), z.literal(1)])
    .transform(Boolean)
    .exactOptional(),
  api_secret: z.string().exactOptional(),
};
const apiKey = z.string().min(1).max(20_000);

const refuse = ({ message }: Refusal) => ({ success: false, error: message });
const open: Operation['open'] = ({ config }) => config().doors.api;

/** api-proxy's key store (acceptance row E14): our stored credentials, by its names. Keys are never shown. */
export const apiProxyKeyOperations: readonly Operation[] = [
  operation({
    id: 'api-proxy.key.list',
    method: 'GET',
    path: '/api/keys',
    summary: 'The stored keys, masked.',
    refuse,
    open,
    async handle(_, { place: { storage, config } }) {
      const keys = await storage.credentials.list();
      return { body: { success: true, data: keys.map((key) => shownKey(key, config())) } };
    },
  }),
  operation({
    id: 'api-proxy.key.create',
    method: 'POST',
    path: '/api/keys',
    summary: 'Add a key of a provider.',
    body: z.object({ provider: z.string().min(1), api_key: apiKey, ...written }),
    status: 201,
    refuse,
    open,
    async handle({ body }, { place: { storage, config } }) {
      const upstream = upstreamFor(body.provider, config());
      const credential = await storage.credentials.add({ upstream, key: body.api_key, details: detailsOf(body) });
      return {
        body: { success: true, data: shownKey(credential, config()) },
        change: { object: credential.id, after: credential },
      };
    },
  }),
  operation({
    id: 'api-proxy.key.update',
    method: 'PUT',
    path: '/api/keys/{id}',
    summary: 'Change a key; one that is not given stays.',
    params: id,
    body: z.object({
      provider: z.string().exactOptional(),
      api_key: z.union([z.literal(''), apiKey]).exactOptional(),
      ...written,
    }),
    refuse,
    open,
    async handle({ params, body }, { place: { storage, config } }) {
      const before = found(await storage.credentials.find(params.id), 'key');
      if (body.provider !== undefined && upstreamFor(body.provider, config()) !== before.upstream)
        throw new Refusal('invalid', 'A key stays with its provider: remove it here and add it there.');
      const changes = {
        details: { ...before.details, ...detailsOf(body) },
        ...(body.api_key !== undefined && body.api_key !== '' && { key: body.api_key }),
      };
      const after = found(await storage.credentials.update(params.id, changes), 'key');
      return {
        body: { success: true, data: shownKey(after, config()) },
        change: { object: after.id, before, after },
      };
    },
  }),
  operation({
    id: 'api-proxy.key.remove',
    method: 'DELETE',
    path: '/api/keys/{id}',
    summary: 'Remove a key.',
    params: id,
    refuse,
    open,
    async handle({ params }, { place: { storage } }) {
      const before = found(await storage.credentials.find(params.id), 'key');
      await storage.credentials.remove(params.id);
      return { body: { success: true }, change: { object: before.id, before } };
    },
  }),
];

/** The configured upstream of that name or provider; else the provider's own, which its keys alone bring about. */
function upstreamFor(provider: string, { upstreams, vendors }: Config): string {
  const configured =
    upstreams.find(({ name }) => name === provider) ?? upstreams.find((upstream) => upstream.provider === provider);
  if (configured) return configured.name;
  const { names } = knownProviders(vendors);
  if (names.includes(provider)) return provider;
  throw new Refusal('invalid', `provider: ${unknownName(provider, 'a provider', names)}`);
}

type Written = { readonly [Name in keyof typeof written]?: z.output<(typeof written)[Name]> };

function detailsOf({
  name,
  base_url,
  cost_per_request,
  total_quota,
  remaining_quota,
  is_active,
}: Written): CredentialDetails {
  const given = remaining_quota ?? total_quota;
  return {
    ...(name !== undefined && { name }),
    ...(base_url !== undefined && base_url !== '' && { baseUrl: base_url }),
    ...(cost_per_request !== undefined && { cost: cost_per_request }),
    // -1 is unlimited; 0 is none at all, whatever the predecessor made of it.
    ...(given !== undefined && { quota: given < 0 ? null : given }),
    ...(is_active !== undefined && { disabled: !is_active }),
  };
}

function shownKey(
  { id: key, upstream, hint, createdAt, details = {} }: StoredCredential,
  { upstreams }: Config,
): object {
  const { name = '', baseUrl, cost = 0, quota: left, disabled = false } = details;
  const place = upstreams.find((one) => one.name === upstream);
  return {
    id: key,
    provider: place?.provider ?? upstream,
    name,
    api_key: hint,
    base_url: baseUrl ?? place?.baseUrl ?? '',
    cost_per_request: cost,
    remaining_quota: left ?? -1,
    total_quota: left ?? -1,
    is_active: !disabled,
    created_at: new Date(createdAt).toISOString(),
  };
}
