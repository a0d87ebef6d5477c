import { AwsV4Signer } from 'aws4fetch';
import { Failure } from '../conversation/failure.ts';
import type { Authorize, Credential } from './authorize.ts';
import { bearer } from './bearer.ts';

/**
 * AWS Signature Version 4, for a credential that is a pair of keys; a secret without a colon is an API key of the service
 * and goes as a bearer token. The region is the setting of that name.
 */
export function sigv4(service: string): Authorize {
  return (request, credential) => {
    if (!credential.secret.includes(':')) return bearer(request, credential);
    return signed(request, credential, service);
  };
}

/** An AWS credential, read from its one text. */
interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region?: string;
}

/**
 * `accessKeyId:secretAccessKey`, then in any order a region and a session token. A part that reads like a region
 * (`eu-central-1`) is one: session tokens are hundreds of characters of base64. None of the parts can hold a colon.
 * @throws Failure that repeats nothing of the secret.
 */
export function awsKeysOf({ secret }: Credential): AwsKeys {
  const [accessKeyId = '', secretAccessKey = '', ...rest] = secret.split(':').map((part) => part.trim());
  const regions = rest.filter((part) => regionPattern.test(part));
  const tokens = rest.filter((part) => !regionPattern.test(part));
  const [region] = regions;
  const [sessionToken] = tokens;
  if (accessKeyId === '' || secretAccessKey === '' || sessionToken === '' || regions.length > 1 || tokens.length > 1)
    throw new Failure('server', 'An AWS credential is written accessKeyId:secretAccessKey[:region][:sessionToken].');
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }), ...(region && { region }) };
}

/** `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`. */
export const regionPattern = /^[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}$/;

async function signed(
  { method, url, headers, body = '', settings, now }: Parameters<Authorize>[0],
  credential: Credential,
  service: string,
) {
  const { accessKeyId, secretAccessKey, sessionToken, region = settings.region } = awsKeysOf(credential);
  if (region === undefined) throw new Failure('server', 'No AWS region is configured to sign requests for.');
  const datetime = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '');
  // Only what the signer itself adds is signed, and the host: anything else may be changed by a proxy on the way.
  const signer = new AwsV4Signer({
    method,
    url,
    body: body as string, // bytes are signed as well: the signer asks for a byteLength
    accessKeyId,
    secretAccessKey,
    service,
    region,
    datetime,
    cache: cacheOf(credential, datetime.slice(0, 8)),
    ...(sessionToken !== undefined && { sessionToken }),
  });
  const result = await signer.sign();
  return { url: result.url.href, headers: { ...withoutSignature(headers), ...Object.fromEntries(result.headers) } };
}

/** A caller's own AWS SDK may have signed its request to us. */
function withoutSignature(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'authorization' && !name.startsWith('x-amz-')),
  );
}

/** Signing keys hold for a day; deriving one takes four rounds. */
const caches = new WeakMap<Credential, { readonly day: string; readonly keys: Map<string, ArrayBuffer> }>();

function cacheOf(credential: Credential, day: string): Map<string, ArrayBuffer> {
  let cache = caches.get(credential);
  if (cache?.day !== day) caches.set(credential, (cache = { day, keys: new Map() }));
  return cache.keys;
}
