import type { Conversation } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import { isObject, type JsonObject } from '../../json.ts';
import type { EncodedRequest, EncodeRequestContext } from '../dialect.ts';
import { reportForeignExtras } from '../foreign.ts';
import { encodeConfig } from './encode-config.ts';
import { encodeContents } from './encode-contents.ts';
import { geminiName } from './members.ts';
import { encodeToolConfig, encodeTools, reportToolLosses } from './tools.ts';
import { encodeServiceTier } from './vocabulary.ts';

/** A conversation as a generateContent body. The model and whether to stream are in the path, not here. */
export function encodeRequest(conversation: Conversation, context: EncodeRequestContext): EncodedRequest {
  const { facts, report } = context;
  const { generationConfig: ownConfig, toolConfig: _, ...own } = conversation.extras?.[geminiName] ?? {};
  reportForeignExtras(conversation, geminiName, report);
  reportLosses(conversation, report);
  const { contents, systemInstruction } = encodeContents(conversation, context);
  const tools = encodeTools(conversation, facts, report);
  const toolConfig = encodeToolConfig(conversation, facts, report);
  const generationConfig = encodeConfig(conversation, isObject(ownConfig) ? ownConfig : undefined, facts, report);
  const serviceTier = conversation.serviceTier === undefined ? undefined : encodeServiceTier(conversation.serviceTier);
  // The prefix that an upstream may cache comes first and does not change from turn to turn (P4).
  const body: JsonObject = {
    ...own,
    ...(systemInstruction && { systemInstruction }),
    ...(tools && { tools }),
    ...(toolConfig && { toolConfig }),
    contents,
    ...(generationConfig && { generationConfig }),
    ...(serviceTier !== undefined && { serviceTier }),
  };
  return { body };
}

/** What the conversation asks for and Gemini has no member for. */
function reportLosses(conversation: Conversation, report: Report): void {
  const drop = (field: string, detail: string) => report({ type: 'dropped', field, detail });
  reportToolLosses(conversation, report);
  if (conversation.verbosity) drop('verbosity', 'Gemini has no such switch.');
  if (conversation.endUser !== undefined) drop('endUser', 'Gemini does not ask who the end user is.');
  if (conversation.cacheKey !== undefined) drop('cacheKey', 'Gemini finds cached prefixes by itself.');
  const marked = cacheMarks(conversation);
  if (marked !== undefined) drop(marked, 'Gemini finds cached prefixes by itself; no cache mark was sent.');
  const { serviceTier } = conversation;
  if (serviceTier !== undefined && serviceTier !== 'auto' && encodeServiceTier(serviceTier) === undefined)
    drop('serviceTier', `Gemini has no tier "${serviceTier}".`);
}

/** Where the first cache mark stands; one notice tells of all. */
function cacheMarks(conversation: Conversation): string | undefined {
  if (conversation.cache) return 'cache';
  const tool = conversation.tools.find((one) => one.cache);
  if (tool) return `${tool.at ?? 'tools'}.cache`;
  for (const message of conversation.messages) {
    const pieces = message.role === 'tool' ? message.results : message.parts;
    const piece = pieces.find((one) => one.cache);
    if (piece) return `${piece.at ?? message.at ?? 'contents'}.cache`;
  }
  return undefined;
}
