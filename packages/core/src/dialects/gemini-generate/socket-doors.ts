import { Failure } from '../../conversation/failure.ts';
import type { Usage } from '../../conversation/usage.ts';
import { compact, number, object, text, type JsonObject } from '../../json.ts';
import type { SocketDoor, SocketRelay, SocketSighting } from '../dialect.ts';

const socket: SocketRelay = {
  model: 'first-message',
  read,
  rename: (message, model) => ({ ...message, setup: { ...object(message.setup), model: `models/${model}` } }),
  markers: ['usageMetadata', 'turnComplete', 'modelTurn'],
  sight,
};

/** Gemini Live. Google's side sends its JSON in binary messages. */
export const socketDoors: readonly SocketDoor[] = ['v1', 'v1beta', 'v1alpha'].map((version) => ({
  method: 'GET',
  path: `/ws/google.ai.generativelanguage.${version}.GenerativeService.BidiGenerateContent`,
  operation: 'live',
  socket,
}));

function read(message: JsonObject): string {
  const model = text(object(message.setup)?.model)?.replace(/^models\//, '');
  if (model !== undefined && model !== '') return model;
  throw new Failure('bad-request', 'The first message must be a setup that names a model.', { field: 'setup.model' });
}

function sight({ usageMetadata, serverContent }: JsonObject): SocketSighting {
  const usage = usageIn(object(usageMetadata));
  const content = object(serverContent);
  const responding = content?.turnComplete === true ? false : content?.modelTurn === undefined ? undefined : true;
  return { ...(usage && { usage }), ...(responding !== undefined && { responding }) };
}

function usageIn(told: JsonObject | undefined): Usage | undefined {
  const prompt = number(told?.promptTokenCount);
  const answer = number(told?.responseTokenCount);
  if (!told || (prompt === undefined && answer === undefined)) return undefined;
  const cached = number(told.cachedContentTokenCount);
  const thoughts = number(told.thoughtsTokenCount);
  return compact({
    inputTokens: prompt === undefined ? undefined : Math.max(0, prompt - (cached ?? 0)),
    cacheReadTokens: cached,
    toolUseInputTokens: number(told.toolUsePromptTokenCount),
    outputTokens: (answer ?? 0) + (thoughts ?? 0),
    reasoningTokens: thoughts,
  });
}
