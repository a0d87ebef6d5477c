/** What the demo model reads of a Chat Completions request; everything it does not need is left alone. */
export interface DemoRequest {
  readonly model: string;
  readonly streaming: boolean;
  readonly includeUsage: boolean;
  /** What the last user turn says. */
  readonly prompt: string;
  readonly media: readonly Media[];
  readonly tools: readonly DemoTool[];
  readonly toolChoice: 'none' | 'auto' | 'required' | { readonly name: string };
  readonly parallel: boolean;
  /** Results that came in after the last call. */
  readonly results: readonly ToolResult[];
  readonly schema?: unknown;
  readonly jsonObject: boolean;
  readonly reasoning: boolean;
  readonly maxTokens?: number;
  readonly stop: readonly string[];
  readonly choices: number;
  /** A rough count of what was sent. */
  readonly promptTokens: number;
  /** How many messages the request has: makes call ids differ from turn to turn. */
  readonly turns: number;
}

export interface DemoTool {
  readonly name: string;
  readonly description: string;
  /** Free text instead of JSON arguments. */
  readonly custom: boolean;
  readonly parameters: unknown;
}

export interface ToolResult {
  readonly name: string;
  readonly text: string;
}

export interface Media {
  readonly kind: 'image' | 'file' | 'audio';
  /** A data: URL, a link, or base64 alone. */
  readonly source: string;
  readonly name?: string;
}

type Wire = Readonly<Record<string, unknown>>;

const charactersPerToken = 4;
const tokensPerImage = 258;

export function readDemoRequest(body: Wire): DemoRequest {
  const messages = list(body.messages).map(asObject);
  const user = messages.findLast(({ role }) => role === 'user');
  const media = user ? mediaOf(user) : [];
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  const format = asObject(body.response_format);
  const schema = asObject(format.json_schema).schema;
  return {
    model: text(body.model),
    streaming: body.stream === true,
    includeUsage: asObject(body.stream_options).include_usage === true,
    prompt: user ? spoken(textOf(user.content)) : '',
    media,
    tools: list(body.tools).flatMap((tool) => toolOf(asObject(tool))),
    toolChoice: toolChoiceOf(body.tool_choice),
    parallel: body.parallel_tool_calls !== false,
    results: resultsOf(messages),
    jsonObject: format.type === 'json_object',
    reasoning: wantsReasoning(body),
    stop: typeof body.stop === 'string' ? [body.stop] : list(body.stop).map(text),
    choices: Math.max(1, Math.min(Number(body.n ?? 1) || 1, 8)),
    promptTokens: tokensIn(body, messages),
    turns: messages.length,
    ...(schema !== undefined && { schema }),
    ...(typeof maxTokens === 'number' && { maxTokens }),
  };
}

function wantsReasoning(body: Wire): boolean {
  const effort = body.reasoning_effort;
  if (typeof effort === 'string') return effort !== 'none';
  return text(body.model) === 'demo-reasoner' || asObject(body.thinking).type === 'enabled';
}

function toolOf(tool: Wire): readonly DemoTool[] {
  const custom = tool.type === 'custom';
  const inner = asObject(custom ? tool.custom : tool.function);
  const name = text(inner.name);
  return name === ''
    ? []
    : [{ name, description: text(inner.description), custom, parameters: inner.parameters ?? {} }];
}

function toolChoiceOf(choice: unknown): DemoRequest['toolChoice'] {
  if (choice === 'none' || choice === 'required') return choice;
  const { function: named, custom, type } = asObject(choice);
  const name = text(asObject(named ?? custom).name);
  if (name !== '') return { name };
  return type === 'allowed_tools' && asObject(asObject(choice).allowed_tools).mode === 'required' ? 'required' : 'auto';
}

/**
 * What came in since the model last spoke. Agents put reminders after their tools' results, so a user turn behind them is
 * no new question: taking it for one would call tools for ever. Names come from the calls, by id: a result has none.
 */
function resultsOf(messages: readonly Wire[]): readonly ToolResult[] {
  const names = new Map<string, string>();
  for (const message of messages) {
    for (const call of list(message.tool_calls).map(asObject))
      names.set(text(call.id), text(asObject(call.function ?? call.custom).name));
  }
  return messages
    .slice(messages.findLastIndex(({ role }) => role === 'assistant') + 1)
    .filter(({ role }) => role === 'tool')
    .map((message) => ({ name: names.get(text(message.tool_call_id)) ?? 'tool', text: textOf(message.content) }));
}

/** Without the blocks in tags that agents put beside what their user said (`<system-reminder>`, `<environment_context>`). */
function spoken(said: string): string {
  const bare = said.replace(/<([a-z]+[-_][a-z_-]+)>[\s\S]*?<\/\1>/g, '').trim();
  return bare === '' ? said : bare;
}

function mediaOf(message: Wire): readonly Media[] {
  return list(message.content).flatMap((part): readonly Media[] => {
    const { type, image_url: image, input_audio: audio, file } = asObject(part);
    if (type === 'image_url') return [{ kind: 'image', source: text(asObject(image).url) }];
    if (type === 'input_audio')
      return [{ kind: 'audio', source: text(asObject(audio).data), name: text(asObject(audio).format) }];
    if (type !== 'file') return [];
    const { file_data: data, filename, file_id: id } = asObject(file);
    return [{ kind: 'file', source: text(data ?? id), name: text(filename) }];
  });
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return list(content)
    .map((part) => text(asObject(part).text))
    .filter((piece) => piece !== '')
    .join('\n');
}

function tokensIn(body: Wire, messages: readonly Wire[]): number {
  const images = messages.flatMap(mediaOf).length;
  const characters = messages.reduce((sum, { content }) => sum + textOf(content).length, 0);
  const tools = body.tools === undefined ? 0 : JSON.stringify(body.tools).length;
  return Math.ceil((characters + tools) / charactersPerToken) + images * tokensPerImage + messages.length * 4;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: unknown): Wire {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Wire) : {}; // narrowed to an object just before
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
