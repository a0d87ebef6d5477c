import type { Incoming, Policy } from '@proxy/core';
import { forbidden, isSpecial } from './refusals.ts';

/** Where prompts may hold pictures: nowhere, or at these providers; special callers may send them everywhere (row C24). */
export function images(allowed: false | readonly string[]): Policy {
  return {
    name: 'images',
    inspect({ caller }, inbound, targets) {
      if (isSpecial(caller) || !holdsImage(inbound)) return;
      const barred = targets.some(({ upstream }) => !allowed || !allowed.includes(upstream.provider.name));
      if (barred) throw forbidden('Prompts with images are not let through here.');
    },
  };
}

function holdsImage(inbound: Incoming): boolean {
  const { operation } = inbound.knock.door;
  if (operation !== 'generate') return false;
  return inbound.decoded().conversation.messages.some((message) => {
    const parts = message.role === 'tool' ? message.results.flatMap(({ content }) => content) : message.parts;
    return parts.some((part) => part.type === 'media' && part.kind === 'image');
  });
}
