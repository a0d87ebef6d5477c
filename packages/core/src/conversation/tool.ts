import type { JsonObject } from '../json.ts';
import type { CacheMark, Extras, ToolCallKind } from './message.ts';

export type Tool = FunctionTool | CustomTool | WebSearchTool | NativeTool;

interface ToolBase {
  /** Where it stood in the caller's request: `tools[2]`. */
  readonly at?: string;
  readonly cache?: CacheMark;
  readonly extras?: Extras;
}

export interface FunctionTool extends ToolBase {
  readonly type: 'function';
  readonly name: string;
  readonly namespace?: ToolNamespace;
  readonly description?: string;
  /** JSON Schema of an object, carried opaquely; absent for a tool without arguments. */
  readonly parameters?: JsonObject;
  /** Absent where the caller did not say; the dialects' defaults differ. */
  readonly strict?: boolean;
}

/** A tool called with free text instead of JSON (OpenAI). */
export interface CustomTool extends ToolBase {
  readonly type: 'custom';
  readonly name: string;
  readonly namespace?: ToolNamespace;
  readonly description?: string;
  readonly format?:
    { readonly type: 'text' } | { readonly type: 'grammar'; readonly syntax: string; readonly definition: string };
}

export interface ToolNamespace {
  readonly name: string;
  readonly description?: string;
}

/** The one vendor-run tool that several dialects share. */
export interface WebSearchTool extends ToolBase {
  readonly type: 'web-search';
  /** The name under which a tool choice may mean it. */
  readonly name: string;
  readonly maxUses?: number;
  readonly allowedDomains?: readonly string[];
  readonly blockedDomains?: readonly string[];
  readonly userLocation?: {
    readonly city?: string;
    readonly region?: string;
    readonly country?: string;
    readonly timezone?: string;
  };
  /** OpenAI's search_context_size. */
  readonly contextSize?: string;
}

/** Any other tool that only one dialect knows. */
interface NativeTool extends ToolBase {
  readonly type: 'native';
  readonly dialect: string;
  /** What a tool choice calls it, when it has a name. */
  readonly name?: string;
  readonly value: JsonObject;
}

export type ToolChoice =
  | { readonly type: 'auto' | 'none' | 'required' }
  | { readonly type: 'tool'; readonly tool: ToolReference }
  | { readonly type: 'allowed'; readonly mode: 'auto' | 'required'; readonly tools: readonly ToolReference[] };

export interface ToolReference {
  readonly name: string;
  readonly namespace?: string;
  /** Absent for a vendor-run tool, which is meant by its name alone. */
  readonly kind?: ToolCallKind;
}
