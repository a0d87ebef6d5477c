import { createParser } from 'eventsource-parser';
import { found, type FaultId, type Finding } from '../faults.ts';
import { networkFault } from '../network-fault.ts';
import type { Exchange } from '../observe.ts';
import type { OneKey } from '../one-key.ts';
import { isPage, refusalFault } from '../refusal-fault.ts';

/** One short streamed call of a tool: what agents live on. */
export async function probeCall(
  { gateway, ledger, exchanges, name }: OneKey,
  model: string,
  subject: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const answer = await gateway.fetch(
    new Request('http://doctor/v1/chat/completions', {
      method: 'POST',
      signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...question, model: `${name}/${model}` }),
    }),
  );
  const text = await answer.text();
  const last = exchanges.at(-1);
  const about = (id: FaultId, seen: string) => [found(id, subject, `${model}: ${seen}`)];
  if (signal.aborted) return about('answer-timeout', 'no whole answer came in time.');
  if (last?.error !== undefined) return about(networkFault(last.error), messageOf(last.error));
  if (last === undefined) return about('request-refused', messageIn(text));
  const { status = 0, headers = {} } = last;
  const type = headers['content-type'] ?? '';
  if (status >= 300) return about(refusalFault(status, type, last.text), `${status} ${messageIn(last.text)}`);
  if (isPage(type, last.text)) return about('base-url-wrong', 'a web page came where an answer was due.');
  // The gateway makes a stream of it, but callers wait for the whole.
  if (type.includes('json') && !type.includes('stream')) return about('not-streaming', `the stream came as ${type}.`);
  return replyFindings(text, ledger.records().at(-1), last, about);
}

function replyFindings(
  text: string,
  record: ReturnType<OneKey['ledger']['records']>[number] | undefined,
  { text: raw }: Exchange,
  about: (id: FaultId, seen: string) => readonly Finding[],
): readonly Finding[] {
  if (record?.failure) return about('stream-cut', record.failure.message);
  const { name, args } = toolCallOf(text);
  if (name === undefined) return about('tool-call-missing', `no call came, but: ${messageIn(raw)}`);
  if (name !== tool.name || !isArguments(args)) return about('tool-call-malformed', `${name}(${args.slice(0, 100)})`);
  return record?.usage ? [] : about('usage-missing', 'no token counts came with the stream.');
}

const tool = {
  name: 'get_weather',
  description: 'The weather at a place.',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const question = {
  stream: true,
  stream_options: { include_usage: true },
  messages: [{ role: 'user', content: 'What is the weather in Paris? Use the tool.' }],
  tools: [{ type: 'function', function: tool }],
  tool_choice: { type: 'function', function: { name: tool.name } },
};

interface ChatChunk {
  readonly choices?: readonly {
    readonly delta?: {
      readonly tool_calls?: readonly { readonly function?: { readonly name?: string; readonly arguments?: string } }[];
    };
  }[];
}

/** The first call of a Chat stream. */
function toolCallOf(text: string): { readonly name?: string; readonly args: string } {
  let name: string | undefined;
  let args = '';
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') return;
      const [call] = (parsed(data) as ChatChunk | undefined)?.choices?.[0]?.delta?.tool_calls ?? [];
      name ??= call?.function?.name;
      args += call?.function?.arguments ?? '';
    },
  });
  parser.feed(text);
  return { ...(name !== undefined && { name }), args };
}

function isArguments(text: string): boolean {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && typeof (value as { city?: unknown }).city === 'string';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const maxWords = 200;

/** What an error body says to people, without its markup. */
function messageIn(text: string): string {
  const said = /"(?:message|detail|error)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.replace(/<[^>]*>/g, ' ');
  return said.replace(/\s+/g, ' ').trim().slice(0, maxWords);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
