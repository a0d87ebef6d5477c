import { expect, test } from 'vitest';
import { secretsOf } from '../src/config/build.ts';
import { masked } from '../src/config/masked.ts';
import { secretsInUrl, withoutSecrets } from '../src/config/url-secrets.ts';
import { openStorage } from '../src/storage/open.ts';
import { describePlace } from '../src/storage/place.ts';
import { folder, load } from './support.ts';

test.each([
  ['postgres://me:pass-word@db.test/x', ['pass-word'], 'postgres://***@db.test/x'],
  [
    'postgres://db.test/x?user=me&password=pass%20word&sslpassword=second&sslmode=require',
    ['pass%20word', 'pass word', 'second'],
    'postgres://db.test/x?user=me&password=***&sslpassword=***&sslmode=require',
  ],
  [
    'https://api.test/v1?api-version=1&api_key=abc&monkey=no',
    ['abc'],
    'https://api.test/v1?api-version=1&api_key=***&monkey=no',
  ],
  ['http://me:a/b@proxy.test:8080', ['a/b'], 'http://***@proxy.test:8080'],
  ['http://me:a?b@proxy.test:8080', ['a?b'], 'http://***@proxy.test:8080'],
  ['http://127.0.0.1:8080/models/claude@1', [], 'http://127.0.0.1:8080/models/claude@1'],
  ['data/proxy.db', [], 'data/proxy.db'],
])('%s', (url, secrets, shown) => {
  expect(secretsInUrl(url)).toEqual(secrets);
  expect(withoutSecrets(url)).toBe(shown);
});

const secret = 'pass-of-the-storage';

test.each([`postgres://me@127.0.0.1:9/x?password=${secret}`, `postgres://127.0.0.1:9/x?sslpassword=${secret}&user=me`])(
  'a password in the query of the storage’s address is a secret: %s',
  (storage) => {
    const cwd = folder({ 'proxy.config.yaml': `storage: "${storage}"` });
    const config = load(cwd);
    expect(secretsOf(config)).toContain(secret);
    expect(JSON.stringify(masked(config))).not.toContain(secret);
  },
);

test('so is what the addresses of upstreams, vendors and collectors hold', () => {
  const cwd = folder({
    'proxy.config.yaml': `
vendors: { acme: { baseUrl: "https://acme.test/v1?key=acme-${secret}" } }
upstreams: [{ name: u, provider: openai-compatible, baseUrl: "https://u.test/v1?token=upstream-${secret}" }]
records: { telemetry: { endpoint: "https://otel.test/?api_key=telemetry-${secret}" } }`,
  });
  expect(secretsOf(load(cwd))).toEqual(
    expect.arrayContaining([`acme-${secret}`, `upstream-${secret}`, `telemetry-${secret}`]),
  );
});

test('a storage that cannot be used is told without what its address holds', async () => {
  for (const url of [
    `postgres://me:${secret}/x@127.0.0.1:port/x`,
    `postgres://127.0.0.1:9/x?password=${secret}`,
    `postgres://me:${secret}@127.0.0.1:9/x`,
  ]) {
    const place = { type: 'postgres', url, folder: '/nowhere' } as const;
    expect(describePlace(place)).not.toContain(secret);
    const failed = await openStorage({ place }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(Error);
    expect(String(failed)).not.toContain(secret);
  }
});
