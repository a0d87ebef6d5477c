import { chat } from './chat.ts';
import { gemini } from './gemini.ts';
import { messages } from './messages.ts';
import { responses } from './responses.ts';
import type { DialectName, Shape } from './shape.ts';

export const shapes = { chat, responses, messages, gemini } as const satisfies Record<DialectName, Shape>;

export const dialectNames = Object.keys(shapes) as DialectName[]; // the keys are spelled out above
