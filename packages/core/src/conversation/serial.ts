import type { ReplyEvent } from './event.ts';

type PartEvent = Extract<ReplyEvent, { readonly part: number }>;

/**
 * Makes interleaved parts follow one another, for wires on which one block is open at a time: events of a part that opens
 * while another is open wait until that one is closed (D10). Parts that did not interleave pass straight through.
 * Of several candidates only the first passes: such wires have no place for more.
 */
export function serialise(): (event: ReplyEvent) => readonly ReplyEvent[] {
  let open: number | undefined;
  /** By part, in the order the parts opened. */
  const waiting = new Map<number, PartEvent[]>();

  function pass(event: PartEvent): void {
    if (event.type.endsWith('-start')) open = event.part;
    else if (event.type.endsWith('-end')) open = undefined;
  }

  function release(): readonly ReplyEvent[] {
    const out: ReplyEvent[] = [];
    for (const [part, events] of waiting) {
      if (open !== undefined && open !== part) break;
      waiting.delete(part);
      for (const event of events) {
        pass(event);
        out.push(event);
      }
    }
    return out;
  }

  return (event) => {
    if ('candidate' in event && event.candidate) return [];
    if (!('part' in event)) return [event];
    if ((open === undefined || open === event.part) && !waiting.has(event.part)) {
      pass(event);
      if (open !== undefined || waiting.size === 0) return [event];
      return [event, ...release()];
    }
    const queue = waiting.get(event.part);
    if (queue) queue.push(event);
    else waiting.set(event.part, [event]);
    return [];
  };
}
