import type { Message } from '../../conversation/message.ts';
import type { DialectLimits } from '../../dialects/dialect.ts';
import { fit } from './hash.ts';

/**
 * Call ids as the target takes them: fitting, and no two calls alike (G4). Results have been paired already, so the n-th
 * result of a tool turn answers the n-th call of the turn before it.
 */
export function fitCallIds(messages: readonly Message[], limits: DialectLimits): readonly Message[] {
  const used = new Set<string>();
  let current: readonly string[] = [];
  return messages.map((message, turn) => {
    if (message.role === 'assistant') {
      const ids: string[] = [];
      const parts = message.parts.map((part, index) => {
        if (part.type !== 'tool-call') return part;
        let id = fit(part.id, limits.callIds.pattern, limits.callIds.maxLength);
        if (part.id === '' || used.has(id)) id = fit(`${part.id}_${turn}_${index}`, /^$/, limits.callIds.maxLength);
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
