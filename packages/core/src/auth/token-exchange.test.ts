import { expect, test } from 'vitest';
import { exchange } from './token-exchange.ts';

test('an endpoint that repeats what it was sent is told of without it', async () => {
  const form = { grant_type: 'refresh_token', client_id: 'app', client_secret: 's3cret', refresh_token: '1//refresh' };
  const body = { error: 'invalid_grant', error_description: 'app sent s3cret with 1//refresh, a refresh_token.' };
  const failed = exchange(() => Promise.resolve({ status: 400, body }), 'Google', 'https://token.test', form);
  await expect(failed).rejects.toThrow('(400): invalid_grant: app sent *** with ***, a refresh_token.');
});
