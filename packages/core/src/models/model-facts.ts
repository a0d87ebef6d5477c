import type { Effort } from '../conversation/conversation.ts';

/**
 * What decides how a request must be written for one model at one place. Absent means unknown, and an encoder then
 * chooses the form that the dialect's most cautious models accept. Rows are data: see facts.ts.
 */
export interface ModelFacts {
  /** Accepts temperature, top_p, top_k. False: they are dropped. */
  readonly sampling?: boolean;
  readonly maxTemperature?: number;
  /** Accepts only one of temperature and top_p (Claude 4.x). */
  readonly oneOfTemperatureAndTopP?: boolean;
  /** Accepts stop sequences. */
  readonly stopSequences?: boolean;
  readonly penalties?: boolean;
  /** Accepts a choice that forces tools. False: it becomes auto. */
  readonly forcedToolChoice?: boolean;
  /** Accepts a forced choice while thinking. */
  readonly forcedToolChoiceWhileThinking?: boolean;
  readonly parallelToolCallsSwitch?: boolean;

  /** Claude. Which forms of `thinking` it takes. */
  readonly thinking?: readonly ('disabled' | 'budget' | 'adaptive' | 'between-tools')[];
  /** Effort words it takes, weakest first. */
  readonly efforts?: readonly Effort[];
  /** Gemini: a level (3.x) or a budget (2.5). */
  readonly thinkingControl?: 'level' | 'budget' | 'none';
  readonly minThinkingBudget?: number;
  readonly maxThinkingBudget?: number;
  /** Thinks always; it cannot be turned off. */
  readonly alwaysThinks?: boolean;

  readonly maxOutputTokens?: number;
  readonly contextWindow?: number;
  /** Accepts a last turn written for the assistant. */
  readonly prefill?: boolean;
  /** Accepts `role: "system"` among the messages (newer Claude), or several and late ones in Chat (many chat templates do not). */
  readonly systemTurns?: boolean;
  /** Native structured output by JSON Schema. */
  readonly structuredOutput?: boolean;
  readonly strictTools?: boolean;
  readonly images?: boolean;
  readonly documents?: boolean;
  /** Explicit cache breakpoints. */
  readonly cacheBreakpoints?: boolean;
  /** Vendor-run web search beside function tools. */
  readonly webSearch?: boolean;

  /** Bedrock Converse: the additional field by which thinking is steered. Absent: it cannot be. */
  readonly converseReasoning?: 'thinking' | 'reasoning_effort' | 'reasoningConfig';
  /** Bedrock Converse: the additional field that holds top_k. Absent: it is not taken. */
  readonly converseTopK?: 'top_k' | 'inferenceConfig';
  /** Bedrock Converse: tool results may say that they failed. */
  readonly toolResultStatus?: boolean;

  /** Gemini: `functionCall.id` and `functionResponse.id` are understood. */
  readonly callIds?: boolean;
  /** Gemini: full JSON Schema in parametersJsonSchema and responseJsonSchema. */
  readonly jsonSchema?: boolean;
  /** Gemini: media inside functionResponse.parts. */
  readonly mediaInToolResults?: boolean;
  /** Gemini: the first call of each step must be signed. */
  readonly thoughtSignatures?: boolean;
  /** Gemini: Google Search takes excludeDomains, which only the Enterprise Agent Platform does. */
  readonly searchExclusions?: boolean;

  /** Chat. Understands the developer role; without it the role is written `system`. */
  readonly developerRole?: boolean;
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** Chat vendors: where reasoning is written in messages; 'none' leaves it out. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'none';
  /** Chat vendors: assistant turns with tool calls must bring their reasoning back (DeepSeek, Kimi). */
  readonly reasoningReplay?: boolean;
  /** Chat: reasoning_effort is understood. */
  readonly reasoningEffort?: boolean;
  /** Chat: the only reasoning_effort taken beside function tools: the word `none`, or no member at all. */
  readonly effortBesideTools?: 'none' | 'absent';
  /** Chat: a user turn may not follow tool results directly; an assistant turn must stand between (Mistral). */
  readonly assistantAfterTools?: boolean;
  /** Chat: a system turn behind the assistant's is refused, and a last turn of the assistant's that is not called `prefix` (Mistral). */
  readonly strictTurns?: boolean;
  /** Chat: custom (free text) tools are understood. */
  readonly customTools?: boolean;
  /** Chat: stream_options.include_usage is understood. */
  readonly streamUsage?: boolean;
  /** Chat: response_format json_schema is understood; else json_object with the schema in the instructions. */
  readonly jsonSchemaOutput?: boolean;
  /** Chat: members that only OpenAI knows (verbosity, prompt_cache_key, safety_identifier, refusal …). Others may answer 422 to them. */
  readonly openaiMembers?: boolean;
  /** Chat: system, assistant and tool content may be a list of text parts; without it they are joined into one string. */
  readonly contentLists?: boolean;
  /** Chat vendors: top_k is understood (OpenAI rejects it). */
  readonly topK?: boolean;
  /**
   * Chat vendors: how thinking is switched: `thinking: {type}` (DeepSeek, GLM, Kimi), `enable_thinking` (Qwen), the same
   * within `chat_template_kwargs` (vLLM, SGLang, llama.cpp), or a `reasoning` object that holds the effort too (OpenRouter).
   */
  readonly thinkingSwitch?: 'thinking' | 'enable_thinking' | 'chat_template_kwargs' | 'reasoning';
  /** Chat vendors: thinking must be off in a call that is not streamed (DashScope). */
  readonly thinksOnlyStreamed?: boolean;
  /** Chat vendors: call ids are exactly so many letters and digits (Mistral: 9). */
  readonly callIdLength?: number;
  /** Chat vendors: the name of `seed` (Mistral). */
  readonly seedField?: 'seed' | 'random_seed';
  /** Chat vendors: response_format json_object is understood; false: a schema that any object fits is sent (LM Studio). */
  readonly jsonObjectOutput?: boolean;
  /** Chat vendors: logprobs and top_logprobs are understood; false: they are dropped, as are the three below. */
  readonly logprobs?: boolean;
  readonly logitBias?: boolean;
  /** More than one candidate. */
  readonly candidates?: boolean;
  /** `name` on messages. */
  readonly messageNames?: boolean;
  /** Chat vendors: cached tokens are reported outside prompt_tokens (OpenRouter's cache writes). */
  readonly cacheWritesOutsidePrompt?: boolean;
  /** Chat vendors: content holds <think>…</think> that must be told apart. */
  readonly inlineThinkTags?: boolean;
}

/** One row: all models whose name matches. `*` stands for any run of characters. Later rows win, member by member. */
export interface ModelFactsRow {
  readonly match: string;
  readonly facts: ModelFacts;
  /** Where it was read: a vendor document, an SDK type, a measurement. */
  readonly source: string;
}
