import type { HttpAnswer, HttpRequest } from '@proxy/core';
import { cutUrl } from '../doors/door.ts';
import { picturesPath } from '../doors/image-chat.ts';
import type { PictureStore } from '../doors/picture-store.ts';

/** A kept picture, for whoever knows its name: browsers that show it have no access key. */
export function pictureAt(
  { method, url }: HttpRequest,
  store: PictureStore | undefined,
): Promise<HttpAnswer> | undefined {
  if (!store || !url.startsWith(picturesPath) || (method !== 'GET' && method !== 'HEAD')) return undefined;
  const name = cutUrl(url).path.slice(picturesPath.length);
  return store.find(name).then((picture) => {
    if (!picture) return missing;
    const { bytes, type } = picture;
    const headers = { ...safety, 'content-type': type, 'content-length': String(bytes.length) };
    return { status: 200, headers, ...(method === 'GET' && { body: bytes }) };
  });
}

/** A name belongs to one picture for ever, and nothing of it is to be run. */
const safety = {
  'cache-control': 'private, max-age=7200, immutable',
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
};

const missing: HttpAnswer = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { type: 'not_found', message: 'There is no such picture, or no more.' } }),
};
