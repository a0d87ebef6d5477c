import { isSource, readAll, type HttpRequest } from '@proxy/core';
import { Refusal } from './refusal.ts';

/** No configuration and no list of users is longer. */
const maxBodyBytes = 2 * 1024 * 1024;

/**
 * The request's body as plain data; undefined when there is none. JSON must say that it is: what a foreign page can send
 * without asking the browser first is no JSON. @throws Refusal
 */
export async function readBody(request: HttpRequest, form: boolean): Promise<unknown> {
  const bytes = await bytesOf(request);
  if (bytes.length === 0) return undefined;
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  const text = new TextDecoder().decode(bytes);
  if (form && type === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text));
  if (type !== 'application/json')
    throw new Refusal('unsupported-media-type', 'Send JSON, with the header "content-type: application/json".');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal('invalid', 'The body is not valid JSON.');
  }
}

async function bytesOf({ body }: HttpRequest): Promise<Uint8Array> {
  const tooLarge = () => new Refusal('too-large', `The body is longer than ${maxBodyBytes} bytes.`);
  if (body === undefined) return new Uint8Array();
  if (isSource(body)) return readAll(body, maxBodyBytes, tooLarge);
  if (body.length > maxBodyBytes) throw tooLarge();
  return body;
}
