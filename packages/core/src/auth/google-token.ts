import type { importPKCS8 } from 'jose';
import { Failure } from '../conversation/failure.ts';
import { object, text, tryParseJson } from '../json.ts';
import { exchange } from './token-exchange.ts';
import type { PostForm, Token } from './tokens.ts';

/** Who asks Google for a token: a service account with its key, or a person who once agreed (gcloud's own credentials). */
export type GoogleIdentity =
  | {
      readonly type: 'service-account';
      readonly email: string;
      /** PKCS #8 in PEM. */
      readonly privateKey: string;
      readonly keyId?: string;
      readonly tokenUrl: string;
      readonly project?: string;
      /** Only the predecessor's form brings one. */
      readonly location?: string;
    }
  | {
      readonly type: 'user';
      readonly form: Readonly<Record<string, string>>;
      readonly tokenUrl: string;
      readonly project?: string;
    };

const tokenUrl = 'https://oauth2.googleapis.com/token';
const scope = 'https://www.googleapis.com/auth/cloud-platform';
const lifetimeSeconds = 3600;

/**
 * The text of a service account's JSON file, of gcloud's `application_default_credentials.json`, or the predecessor's
 * `project:email:region:key` (acceptance row F8); undefined for any other secret.
 */
export function googleIdentityOf(secret: string): GoogleIdentity | undefined {
  const file = secret.trimStart().startsWith('{') ? object(tryParseJson(secret)) : undefined;
  if (file) return identityOfFile(file);
  const [, project, email, location, key] = /^([^:]+):([^:@]+@[^:]+):([^:]+):(.+)$/s.exec(secret) ?? [];
  if (!project || !email || !location || !key) return undefined;
  return { type: 'service-account', email, privateKey: pemOf(key), tokenUrl, project, location };
}

function identityOfFile(file: Readonly<Record<string, unknown>>): GoogleIdentity | undefined {
  const member = (name: string) => text(file[name]);
  const url = member('token_uri') ?? tokenUrl;
  const project = member('project_id') ?? member('quota_project_id');
  const [email, key, keyId] = [member('client_email'), member('private_key'), member('private_key_id')];
  if (email && key)
    return {
      type: 'service-account',
      email,
      privateKey: pemOf(key),
      tokenUrl: url,
      ...(keyId !== undefined && { keyId }),
      ...(project !== undefined && { project }),
    };
  const [id, secret, refresh] = [member('client_id'), member('client_secret'), member('refresh_token')];
  if (!id || !secret || !refresh) return undefined;
  const form = { grant_type: 'refresh_token', client_id: id, client_secret: secret, refresh_token: refresh };
  return { type: 'user', form, tokenUrl: url, ...(project !== undefined && { project }) };
}

/** Environment variables hold keys on one line, with `\n` written out, without line breaks, or without their frame. */
function pemOf(key: string): string {
  const base64 = key.replace(/-----[A-Z ]+-----|\\n|\s/g, '');
  return `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
}

/** RFC 7523: a signed assertion for an access token. `now` is in milliseconds since 1970. */
export async function googleToken(identity: GoogleIdentity, now: number, post: PostForm): Promise<Token> {
  if (identity.type === 'user') return exchange(post, 'Google', identity.tokenUrl, identity.form);
  const { SignJWT } = await loadJose();
  const issuedAt = Math.floor(now / 1000);
  const assertion = await new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(identity.keyId !== undefined && { kid: identity.keyId }) })
    .setIssuer(identity.email)
    .setSubject(identity.email)
    .setAudience(identity.tokenUrl)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifetimeSeconds)
    .sign(await privateKeyOf(identity.privateKey));
  return exchange(post, 'Google', identity.tokenUrl, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion,
  });
}

async function privateKeyOf(pem: string): ReturnType<typeof importPKCS8> {
  const jose = await loadJose();
  try {
    return await jose.importPKCS8(pem, 'RS256');
  } catch {
    // No cause: what a parser says of a key may repeat some of it.
    throw new Failure(
      'unauthenticated',
      'The private key of the Google service account cannot be read: it must be PKCS #8 in PEM.',
    );
  }
}

/** Whoever has no account at Google need not keep it in memory. */
const loadJose = () => import('jose');
