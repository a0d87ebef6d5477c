import * as z from 'zod';
import { challenge } from '../identify.ts';
import { callerByKey } from '../known-callers.ts';
import { operation, type Context, type Operation } from '../operation.ts';
import { Refusal } from '../refusal.ts';
import { rename } from '../resources/me.ts';
import { lookupForm, lookupPage } from './lookup-page.ts';
import { shownToOwner } from './reverse-proxy-user.ts';

const refuse = ({ message }: Refusal) => ({ error: message });

/** oai-reverse-proxy's self-service (acceptance row F19): whoever has a token sees what it has used. Forms and JSON alike. */
export const lookupOperations: readonly Operation[] = [
  operation({
    id: 'reverse-proxy.lookup.form',
    method: 'GET',
    path: '/user/lookup',
    summary: 'A form that asks for a token.',
    handle: () => ({ html: lookupForm() }),
  }),
  operation({
    id: 'reverse-proxy.lookup',
    method: 'POST',
    path: '/user/lookup',
    summary: 'What a token has used, and what it may.',
    form: true,
    body: z.strictObject({ token: z.string().min(1) }),
    unaudited: true,
    refuse,
    async handle({ body }, context) {
      const user = await shownToOwner(await ownKey(body.token, context), context.place.storage);
      return wantsPage(context) ? { html: lookupPage(user, context.place.config().admin.nicknames) } : { body: user };
    },
  }),
  operation({
    id: 'reverse-proxy.nickname',
    method: 'POST',
    path: '/user/edit-nickname',
    summary: 'Give a token another name.',
    form: true,
    body: z.strictObject({ token: z.string().min(1), nickname: z.string().max(80) }),
    refuse,
    async handle({ body }, context) {
      const { id } = await ownKey(body.token, context);
      const change = await rename(id, body.nickname, context.place);
      const { storage, config } = context.place;
      const after = await storage.accessKeys.find(id);
      const user = after ? await shownToOwner(after, storage) : {};
      return {
        change,
        ...(wantsPage(context) ? { html: lookupPage(user, config().admin.nicknames) } : { body: user }),
      };
    },
  }),
];

/** A wrong token counts as every other wrong key does. @throws Refusal */
async function ownKey(token: string, { place, address }: Context) {
  const { attempts, storage } = place;
  if (attempts.locked(address))
    throw new Refusal('unauthorized', 'Too many attempts. Wait a quarter of an hour.', challenge);
  const principal = await callerByKey(token, address, place);
  const accessKey = principal && (await storage.accessKeys.find(principal.id));
  if (accessKey) return accessKey;
  attempts.failed(address);
  throw new Refusal('unauthorized', 'This token is not known here.', challenge);
}

function wantsPage({ request }: Context): boolean {
  return request.headers.accept?.includes('text/html') === true;
}
