import { Sha256WebCrypto } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, test } from 'vitest';
import { awsKeysOf, sigv4 } from './sigv4.ts';
import type { Tokens } from './tokens.ts';

const accessKeyId = 'AKIDEXAMPLE';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const sessionToken = `IQoJb3JpZ2luX2VjE${'a/B+'.repeat(60)}==`;
const now = Date.UTC(2026, 10, 24, 12, 30, 15, 123);
const region = 'eu-central-1';
/** Keys that sign need none. */
const noTokens: Tokens = { get: () => Promise.reject(new Error('no token is asked for')), forget: () => undefined };

async function authorized(secret: string, change: Partial<Parameters<ReturnType<typeof sigv4>>[0]> = {}) {
  const request = {
    method: 'POST',
    url: 'https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse',
    headers: { 'content-type': 'application/json' },
    body: '{"messages":[]}',
    settings: { region },
    tokens: noTokens,
    now,
    ...change,
  };
  return sigv4('bedrock')(request, { id: 'a', secret });
}

/** The same request signed by AWS's own library. */
async function byAws(url: string, body: string | Uint8Array, token?: string) {
  const { hostname, port, pathname, host } = new URL(url);
  const signer = new SignatureV4({
    service: 'bedrock',
    region,
    applyChecksum: false,
    credentials: { accessKeyId, secretAccessKey, ...(token !== undefined && { sessionToken: token }) },
    sha256: Sha256WebCrypto as never, // its type names a looser source than the signer's, to the same effect
  });
  const request = { method: 'POST', protocol: 'https:', hostname, path: pathname, headers: { host }, query: {}, body };
  const signed = await signer.sign(port === '' ? request : { ...request, port: Number(port) }, {
    signingDate: new Date(now),
  });
  return signed.headers;
}

describe('X9 SigV4', () => {
  test.each([
    ['a plain id', 'model/amazon.nova-pro-v1/converse'],
    ['a version’s colon', 'model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream'],
    [
      'an ARN with colons and slashes',
      'model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fab1c/invoke',
    ],
    ['signs that RFC 3986 keeps for itself', 'model/a%21b%27c%28d%29e%2A/converse'],
  ])('signs as AWS’s own library does: %s', async (_, path) => {
    const url = `https://bedrock-runtime.eu-central-1.amazonaws.com/${path}`;
    const body = '{"messages":[{"role":"user","content":[{"text":"né 😀"}]}]}';
    const expected = (await byAws(url, body)).authorization;
    const ours = await authorized(`${accessKeyId}:${secretAccessKey}`, { url, body });
    expect(ours.headers.authorization).toBe(expected);
    expect(ours.url).toBe(url);
    const bytes = new TextEncoder().encode(body);
    const again = await authorized(`${accessKeyId}:${secretAccessKey}`, { url, body: bytes });
    expect(again.headers.authorization).toBe(expected);
  });

  test('signs another port, and an empty body', async () => {
    const url = 'http://127.0.0.1:8123/model/m/converse';
    const ours = await authorized(`${accessKeyId}:${secretAccessKey}`, { url, body: '' });
    expect(ours.headers.authorization).toBe((await byAws(url, '')).authorization);
  });

  test('a session token goes along and is signed', async () => {
    const url = 'https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse';
    const ours = await authorized(`${accessKeyId}:${secretAccessKey}:${sessionToken}`, { url });
    expect(ours.headers).toMatchObject({
      'x-amz-security-token': sessionToken,
      'x-amz-date': '20261124T123015Z',
      'content-type': 'application/json',
    });
    expect(ours.headers.authorization).toBe((await byAws(url, '{"messages":[]}', sessionToken)).authorization);
  });

  test('signatures follow the clock, also over midnight', async () => {
    const credential = { id: 'a', secret: `${accessKeyId}:${secretAccessKey}` };
    const at = async (time: number) => {
      const { headers } = await sigv4('bedrock')(
        { method: 'POST', url: 'https://x.test/', headers: {}, settings: { region }, tokens: noTokens, now: time },
        credential,
      );
      return headers.authorization;
    };
    const [first, later, next, again] = [
      await at(now),
      await at(now + 1000),
      await at(now + 86_400_000),
      await at(now),
    ];
    expect(later).not.toBe(first);
    expect(next).toContain('/20261125/');
    expect(again).toBe(first);
  });

  test('what a caller’s own SDK signed for us stays behind', async () => {
    const headers = {
      authorization: 'AWS4-HMAC-SHA256 theirs',
      'x-amz-security-token': 'theirs',
      'x-amz-date': 'then',
    };
    const ours = await authorized(`${accessKeyId}:${secretAccessKey}`, { headers });
    expect(JSON.stringify(ours)).not.toContain('theirs');
    expect(ours.headers['x-amz-security-token']).toBeUndefined();
  });

  test('a secret without a colon is a Bedrock API key', async () => {
    expect((await authorized('ABSKQmVkcm9ja0FQSUtleS1hYmNk')).headers).toEqual({
      'content-type': 'application/json',
      authorization: 'Bearer ABSKQmVkcm9ja0FQSUtleS1hYmNk',
    });
    expect((await authorized('')).headers).toEqual({ 'content-type': 'application/json' });
  });
});

describe('the one text of an AWS credential', () => {
  const keys = { accessKeyId, secretAccessKey };
  test.each([
    ['', {}],
    [':us-gov-west-1', { region: 'us-gov-west-1' }],
    [`:${sessionToken}`, { sessionToken }],
    [`:${sessionToken}:ap-southeast-5`, { sessionToken, region: 'ap-southeast-5' }],
    [`:eusc-de-east-1:${sessionToken}`, { sessionToken, region: 'eusc-de-east-1' }],
    [' : cn-north-1 ', { region: 'cn-north-1' }],
  ])('ends in %j', (rest, more) => {
    const read = awsKeysOf({ id: 'a', secret: `${accessKeyId}:${secretAccessKey}${rest}` });
    expect(read).toEqual({ ...keys, ...more });
  });

  test.each(['AKID:', ':secret', 'a:b:us-east-1:eu-west-1', `a:b:${sessionToken}:${sessionToken}`, 'a:b:'])(
    'is refused without being repeated: %s',
    (secret) => {
      const read = () => awsKeysOf({ id: 'a', secret });
      expect(read).toThrow('accessKeyId:secretAccessKey');
      expect(read).not.toThrow(sessionToken);
    },
  );

  test('its region is stronger than the upstream’s; without any there is no signature', async () => {
    const ours = await authorized(`${accessKeyId}:${secretAccessKey}:us-west-2`);
    expect(ours.headers.authorization).toContain('/20261124/us-west-2/bedrock/aws4_request');
    await expect(authorized(`${accessKeyId}:${secretAccessKey}`, { settings: {} })).rejects.toThrow('region');
  });
});
