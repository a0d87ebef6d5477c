import type { Policy } from '@proxy/core';
import type { GuardSet } from '../config/guards.ts';
import { forbidden } from './refusals.ts';

/** Pages whose Origin or Referer holds one of these texts; people who come with a browser see a page (row C22). */
export function origins({ deny, message = ownMessage, redirect }: NonNullable<GuardSet['origins']>): Policy {
  const texts = deny.map((text) => text.toLowerCase());
  return {
    name: 'origins',
    admit({ request: { headers } }) {
      const from = `${headers.origin ?? ''}\n${headers.referer ?? ''}`.toLowerCase();
      if (!texts.some((text) => from.includes(text))) return;
      const browser = headers.accept?.includes('text/html') === true;
      throw forbidden(message, { code: 'blocked_origin', ...(browser && { page: pageOf(message, redirect) }) });
    },
  };
}

const ownMessage = 'Requests from this page are not served here.';
const redirectSeconds = 3;

function pageOf(message: string, redirect: string | undefined): string {
  const refresh =
    redirect === undefined ? '' : `<meta http-equiv="refresh" content="${redirectSeconds};url=${escaped(redirect)}">`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>403</title>${refresh}</head><body><p>${escaped(message)}</p></body></html>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
