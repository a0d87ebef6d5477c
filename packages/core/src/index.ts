// Translate, with no server in sight.
export {
  translateReply,
  translateRequest,
  translateStream,
  type TranslatedReply,
  type TranslatedRequest,
  type TranslatedStream,
  type TranslateOptions,
} from './translators.ts';
export type { StreamProgress, StreamTranslator } from './translate/translation.ts';

// The gateway.
export { createGateway, type KeyedGateway } from './gateway/create.ts';
export type {
  Branch,
  GatewayOptions,
  Route,
  RouteTarget,
  SocketOptions,
  Timeouts,
  Upstream,
  UpstreamModel,
} from './gateway/gateway.ts';
export type { AcceptedSocket, Gateway, HttpAnswer, HttpRequest, SocketSession } from './gateway/http.ts';
export type { Direction } from './gateway/direction.ts';
export type { KnownVisit, ListedTarget, Policy, PolicyTarget, Visit, VisitRequest } from './gateway/policy.ts';
export type { Incoming } from './gateway/incoming.ts';
export type { Place, Queue, Waiter } from './gateway/queue.ts';
export { Gate } from './gateway/gate.ts';
export { plainRefusal } from './gateway/refuse.ts';
export { shownPath } from './gateway/stranger.ts';
export { withOutputCap, withoutTools } from './translate/change-body.ts';
export { estimatePromptTokens } from './limits/estimate.ts';
export { has, ownName } from './gateway/route.ts';
export { originsOf } from './gateway/address.ts';
export { readAll } from './gateway/read-all.ts';
export { mayBeSecret } from './gateway/unsaid.ts';
export { answerFetch, fetchTransport } from './web.ts';

// Dialects and providers.
export {
  anthropicMessages,
  bedrockConverse,
  geminiGenerate,
  openaiChat,
  openaiResponses,
} from './dialects/registry.ts';
export type { Dialect, HeaderMap, Knock, ListedModel, ModelCard } from './dialects/dialect.ts';
export { anthropic, azure, bedrock, gemini, openai, openaiCompatible, vertex } from './providers/registry.ts';
export { providerByName, providerNames } from './providers/by-name.ts';
export { vendorProvider, type Vendor } from './providers/vendors/vendor.ts';
export type { EndpointCall, Provider, Setting } from './providers/provider.ts';
export type { Binding, Envelope, HeaderMember } from './dialects/binding.ts';
export type { Authorize, Authorized, Credential, Settings, Unauthorized } from './auth/authorize.ts';
export type { PostForm, Token, Tokens } from './auth/tokens.ts';
export { bearer, bearerToken } from './auth/bearer.ts';
export { headerKey } from './auth/header-key.ts';
export type { SelectorName } from './keys/selector.ts';
export type { BreakerRules, Cooldown, Rest } from './keys/cooldown.ts';
export type { RefusedKey, RefusedKeys } from './keys/refused.ts';
export { createKeyStates, type KeyCheck, type KeyStates } from './keys/key-states.ts';
export { memoryQuotas } from './keys/quotas.ts';
export type { KeyCheckOptions, Keys, KeyStatus } from './gateway/keys.ts';
export type { Affinity } from './gateway/session.ts';

// Embeddings: how a provider may be asked for them, and what passes between two forms.
export { cohereEmbeddings, titanEmbeddings } from './embeddings/bedrock.ts';
export { geminiEmbeddings } from './embeddings/gemini.ts';
export { openaiEmbeddings } from './embeddings/openai.ts';
export { vertexEmbedContent, vertexPredict } from './embeddings/vertex.ts';
export type * from './embeddings/embedding.ts';
export type { EmbeddingForm, EncodeEmbeddingsContext } from './embeddings/form.ts';

// Model facts.
export { factsOf, matchesPattern, modelFacts } from './models/facts.ts';
export type { ModelFacts, ModelFactsRow } from './models/model-facts.ts';

// The hub: a conversation and its reply, in nobody's wire format.
export type { Conversation, OutputForm, Reasoning, Sampling } from './conversation/conversation.ts';
export type * from './conversation/message.ts';
export type { Tool, ToolChoice } from './conversation/tool.ts';
export type { Candidate, Finish, FinishReason, Reply } from './conversation/reply.ts';
export type { ReplyEvent } from './conversation/event.ts';
export { totalInputTokens, type Usage } from './conversation/usage.ts';
export type { Notice } from './conversation/notice.ts';
export {
  Failure,
  kindOfStatus,
  type FailureDetails,
  type FailureKind,
  type QuotaFigures,
} from './conversation/failure.ts';
export { collect } from './conversation/collect.ts';
export { replay } from './conversation/replay.ts';

// Ports, and their versions in memory.
export type * from './ports.ts';
export { isSource, toAbortSignal } from './ports.ts';
export {
  memoryCallers,
  memoryCounters,
  memoryLedger,
  silentLog,
  systemClock,
  type KnownCaller,
  type MemoryCountersOptions,
  type MemoryLedger,
} from './memory.ts';
// Budgets.
export { createBudgets, type BudgetsOptions, type KeptBudgets } from './budgets/budgets.ts';
export { budgetId } from './budgets/bound.ts';
export { memoryBudgetStore } from './budgets/memory-store.ts';
export { periodOf, type Period } from './budgets/period.ts';
export type { Asked, BudgetKey, BudgetStore, Leased } from './budgets/store.ts';
export type { Prices } from './budgets/units.ts';
export { meansModel } from './models/model-patterns.ts';

// Framings.
export type { Chunk, Frame, FrameReader, Framing, FrameWriter, ReplyFraming } from './bytes/framing.ts';
export { sse } from './bytes/sse.ts';
export type { Json, JsonObject } from './json.ts';
export { pause } from './gateway/pause.ts';
