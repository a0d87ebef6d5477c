import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import type { Seal, ToolCallKind } from '../../conversation/message.ts';
import { number, object, text, tryParseJson, type JsonObject } from '../../json.ts';
import { callSeal } from './decode-messages.ts';

/** One tool call of one candidate, put together from deltas. */
interface Call {
  readonly index: number | undefined;
  id: string;
  name: string;
  kind: ToolCallKind;
  /** Everything written so far. */
  written: string;
  /** How much of it has been told in events. */
  told: number;
  seal?: Seal | undefined;
  /** Its number among the parts, once it has started. */
  part?: number;
}

export interface CallAssembler {
  /** One entry of `tool_calls`. `whole`: it is a call of its own and complete. */
  take(entry: JsonObject, whole: boolean): readonly ReplyEvent[];
  /** Ends every call. `cut`: the reply was cut off, so arguments may be unfinished. */
  close(cut: boolean): readonly ReplyEvent[];
  /** Whether there are calls that somebody could run. */
  any(): boolean;
}

interface AssemblerContext {
  /** The number of the next part. */
  nextPart(): number;
  readonly place: { readonly candidate?: number };
  /** An id for a call whose vendor gave none: the same in every replay of the same reply (T6). */
  synthesise(ordinal: number): string;
}

/** Sixteen million characters: no tool takes more, and a runaway stream must not fill the memory. */
const maxToolArguments = 16 * 1024 * 1024;

export function callAssembler(context: AssemblerContext): CallAssembler {
  const calls: Call[] = [];
  const ids = new Set<string>();

  function take(entry: JsonObject, whole: boolean): readonly ReplyEvent[] {
    const custom = object(entry.custom);
    const body = custom ?? object(entry.function) ?? {};
    const id = text(entry.id) ?? '';
    const name = text(body.name) ?? '';
    const piece = pieceOf(custom ? body.input : body.arguments);
    const call = (whole ? undefined : find(id, number(entry.index), name, piece)) ?? open(number(entry.index));
    if (custom || entry.type === 'custom') call.kind = 'custom';
    if (call.id === '' && id !== '' && !ids.has(id)) {
      call.id = id;
      ids.add(id);
    }
    // D3: some repeat the name in every chunk, some cut it in pieces; arguments end it.
    if (call.name === '' || (name !== call.name && call.written === '')) call.name += name;
    call.seal ??= callSeal(entry);
    call.written += piece;
    if (call.written.length > maxToolArguments)
      throw new Failure('bad-upstream', `The arguments of a tool call are longer than ${maxToolArguments} characters.`);
    return tell(call);
  }

  /** D1: a known id is that call; a new id is a new call, whatever its index; nothing at all is the last call. */
  function find(id: string, index: number | undefined, name: string, piece: string): Call | undefined {
    if (id !== '') {
      const known = calls.find((call) => call.id === id);
      if (known) return known;
      const nameless = calls.findLast((call) => call.id === '' && call.index === index);
      return nameless && !isComplete(nameless) ? nameless : undefined;
    }
    const last = index === undefined ? calls.at(-1) : calls.findLast((call) => call.index === index);
    // Without ids, a name beside new arguments after complete ones is the next call (B4: every index is 0).
    if (last && name !== '' && piece !== '' && isComplete(last)) return undefined;
    return last;
  }

  function open(index: number | undefined): Call {
    const call: Call = { index, id: '', name: '', kind: 'function', written: '', told: 0 };
    calls.push(call);
    return call;
  }

  /** D3, D4: nothing is told before id and name are known whole, which arguments prove. */
  function tell(call: Call): readonly ReplyEvent[] {
    if (call.id === '' || call.name === '' || call.written === '') return [];
    // D7: `null` is a call without arguments, and not yet known from its first letter.
    if (call.kind === 'function' && 'null'.startsWith(call.written.trim())) return [];
    return [...start(call), ...rest(call)];
  }

  function start(call: Call): readonly ReplyEvent[] {
    if (call.part !== undefined) return [];
    call.part = context.nextPart();
    const { id, name, kind, seal } = call;
    return [{ type: 'tool-call-start', ...context.place, part: call.part, id, name, kind, ...(seal && { seal }) }];
  }

  function rest(call: Call): readonly ReplyEvent[] {
    if (call.part === undefined || call.told === call.written.length) return [];
    const piece = call.told === 0 ? call.written : call.written.slice(call.told);
    call.told = call.written.length;
    return [{ type: 'tool-call-delta', ...context.place, part: call.part, text: piece }];
  }

  function close(cut: boolean): readonly ReplyEvent[] {
    return calls.flatMap((call, ordinal): readonly ReplyEvent[] => {
      // D4: a call of nothing is no call.
      if (call.name === '') return [];
      if (call.id === '') call.id = context.synthesise(ordinal);
      const bare = call.kind === 'function' && call.part === undefined && call.written.trim() === 'null';
      if (bare) call.written = '';
      const begun = start(call);
      const end: ReplyEvent = {
        type: 'tool-call-end',
        ...context.place,
        part: call.part ?? 0,
        ...(cut && call.kind === 'function' && !isComplete(call) && { truncated: true }),
      };
      return [...begun, ...rest(call), end];
    });
  }

  return { take, close, any: () => calls.some((call) => call.name !== '') };
}

/** B4: Ollama's native arguments are the object itself. */
function pieceOf(value: JsonObject[string] | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function isComplete(call: Call): boolean {
  return call.kind === 'function' && /\}\s*$/.test(call.written) && tryParseJson(call.written) !== undefined;
}
