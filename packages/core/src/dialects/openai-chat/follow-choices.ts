import type { Frame } from '../../bytes/framing.ts';
import { isArray, isObject, list, number, object, text as textOf, tryParseJson, type JsonObject } from '../../json.ts';
import { concludingGap, type StreamFollower } from '../dialect.ts';
import { encodeUsage } from './usage.ts';

/** What a choice of a chunk holds: a delta of a message, or a text. */
interface ChoiceForm {
  /** `first`: of a choice that nothing has been heard of. */
  says(text: string, first: boolean): JsonObject;
  readonly nothing: JsonObject;
  spoke(choice: JsonObject): boolean;
  called(choice: JsonObject): boolean;
}

interface Standing {
  spoke: boolean;
  called: boolean;
  finished: boolean;
}

/** What every chunk of a stream repeats. */
const heads = ['id', 'object', 'created', 'model', 'service_tier', 'system_fingerprint', 'provider'];

export function followChoices(form: ChoiceForm): StreamFollower {
  const choices = new Map<number, Standing>();
  let head: JsonObject | undefined;
  let counted = false;
  let done = false;

  function followChoice(choice: JsonObject): void {
    const index = number(choice.index) ?? 0;
    const before = choices.get(index);
    choices.set(index, {
      spoke: before?.spoke === true || form.spoke(choice),
      called: before?.called === true || form.called(choice),
      finished: before?.finished === true || Boolean(textOf(choice.finish_reason)),
    });
  }

  const running = () => [...choices.values()].some(({ finished }) => !finished);

  return {
    get running() {
      return running();
    },

    follow({ data }) {
      if (data === '[DONE]') {
        // X3: it alone does not mean that there is a whole reply.
        const whole = !running();
        done ||= whole;
        return whole;
      }
      const chunk = object(tryParseJson(data));
      if (!chunk) return true;
      const named = heads.flatMap((name) => (chunk[name] === undefined ? [] : [[name, chunk[name]] as const]));
      head = { ...head, ...Object.fromEntries(named) };
      counted ||= isObject(chunk.usage);
      for (const choice of list(chunk.choices)) if (isObject(choice)) followChoice(choice);
      return true;
    },

    besideError({ data }) {
      const { error: _, base_resp: __, ...chunk } = object(tryParseJson(data)) ?? {};
      const choices = list(chunk.choices).filter(isObject);
      if (!choices.some(holdsSomething)) return undefined;
      // What ends with an error has not ended well, whatever is said of it.
      const open = choices.map(({ native_finish_reason: _native, ...choice }) => ({ ...choice, finish_reason: null }));
      return { data: JSON.stringify({ ...chunk, choices: open }) };
    },

    conclude(text, { usage, request }) {
      if (!head) return undefined;
      if (done) return [];
      const asked = object(request?.stream_options)?.include_usage === true;
      const chunk = (members: JsonObject): Frame => ({ data: JSON.stringify({ ...head, ...members }) });
      const choice = (index: number, said: JsonObject, finish_reason: string | null) =>
        chunk({ choices: [{ index, ...said, logprobs: null, finish_reason }], ...(asked && { usage: null }) });

      const told = choices.size > 0 ? [...choices] : [[0, undefined] as const];
      const endings = told.flatMap(([index, standing]) => {
        if (standing?.finished) return [];
        const content = standing?.spoke ? concludingGap + text : text;
        return [
          choice(index, form.says(content, !standing), null),
          choice(index, form.nothing, standing?.called ? 'length' : 'stop'),
        ];
      });
      const count = asked && usage && !counted ? [chunk({ choices: [], usage: { ...encodeUsage(usage) } })] : [];
      return [...endings, ...count, { data: '[DONE]' }];
    },
  };
}

/** Of whatever kind: text, thoughts, calls. */
function holdsSomething({ delta, text }: JsonObject): boolean {
  const { role: _, ...said } = object(delta) ?? { text: text ?? null };
  return Object.values(said).some((value) => value !== null && value !== '' && !(isArray(value) && value.length === 0));
}
