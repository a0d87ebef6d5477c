import { isObject, list } from '../../json.ts';
import type { ForeignTrace } from '../dialect.ts';

/** Tools in Chat's shape, which claude-proxy took in a Messages request and Anthropic refuses (acceptance row D10). */
const chatTools: ForeignTrace = {
  mark: '"function"',
  proves: (body) => list(body.get('tools')).some((tool) => isObject(tool) && isObject(tool.function)),
};

const traces = [chatTools];

/** What a Messages request may hold that Anthropic refuses, whatever the model. */
export function foreignTraces(): readonly ForeignTrace[] {
  return traces;
}
