import type { Message } from '../../conversation/message.ts';
import type { DialectLimits } from '../../dialects/dialect.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { fit, fitExactly } from './hash.ts';

/**
 * Call ids as the target takes them: fitting, and no two calls alike (G4). Results have been paired already, so the n-th
 * result of a tool turn answers the n-th call of the turn before it.
 */
export function fitCallIds(
  messages: readonly Message[],
  limits: DialectLimits,
  { callIdLength }: ModelFacts,
): readonly Message[] {
  const { pattern, maxLength } = limits.callIds;
  const fitted = (id: string) => (callIdLength ? fitExactly(id, callIdLength) : fit(id, pattern, maxLength));
  const renamed = (id: string) => (callIdLength ? fitExactly(id, callIdLength) : fit(id, /^$/, maxLength));
  const used = new Set<string>();
  let current: readonly string[] = [];
  return messages.map((message, turn) => {
    if (message.role === 'assistant') {
      const ids: string[] = [];
      const parts = message.parts.map((part, index) => {
        if (part.type !== 'tool-call') return part;
        let id = fitted(part.id);
        if (part.id === '' || used.has(id)) id = renamed(`${part.id}_${turn}_${index}`);
        used.add(id);
        ids.push(id);
        return id === part.id ? part : { ...part, id };
      });
      if (ids.length === 0) return message;
      current = ids;
      return { ...message, parts };
    }
    if (message.role !== 'tool') return message;
    return {
      ...message,
      results: message.results.map((result, index) => ({ ...result, callId: current[index] ?? result.callId })),
    };
  });
}
