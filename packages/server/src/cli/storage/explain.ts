import { explain } from '../../explain/explain.ts';
import { explanationText } from '../../explain/explain-text.ts';
import { AskedAmiss, withStorage, type StorageFlags } from './with-storage.ts';

/** Why a call went where it went, told from its record. */
export function explainCall(requestId: string, flags: StorageFlags): Promise<void> {
  return withStorage(flags, async (storage) => {
    const call = await storage.calls.find(requestId);
    if (!call)
      throw new AskedAmiss(
        `No call "${requestId}" is on record. Its id is the x-proxy-request-id of its answer; "proxy logs" lists the latest.`,
      );
    const explanation = explain(call);
    return { text: explanationText(explanation), data: explanation };
  });
}
