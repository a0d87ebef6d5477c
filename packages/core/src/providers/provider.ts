import type { Authorize, Credential, Settings } from '../auth/authorize.ts';
import type { Binding } from '../dialects/binding.ts';
import type { Dialect, HeaderMap, Operation, RelayedOperation, SocketOperation } from '../dialects/dialect.ts';
import type { EmbeddingForm } from '../embeddings/form.ts';
import type { JsonObject } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';

/** A place where models live: which languages it speaks, at which addresses, and how one proves who one is. */
export interface Provider {
  readonly name: string;
  /** In order of preference for callers of another dialect. */
  readonly speaks: readonly Dialect[];
  /** Whether this model is spoken to in this dialect, where not every model here takes every one. Absent: each does. */
  takes?(dialect: Dialect, model: string): boolean;
  /** How a dialect is carried here, by its name, where that differs from the dialect's habit. */
  readonly bindings?: Readonly<Record<string, Binding>>;
  /** Used when an upstream names none. `{region}` stands for the setting of that name. */
  readonly baseUrl?: string;
  /** What can be configured of an upstream here besides its address and keys, by name (`region`). */
  readonly settings?: Readonly<Record<string, Setting>>;
  /** Settings that a credential brings along in its secret, stronger than the upstream's. */
  settingsOf?(credential: Credential): Settings;
  /** What a model is called here, where that is not its name elsewhere: a deployment's name. */
  nameOf?(model: string, settings: Settings): string;
  /** Names here are of their owners' making, and tell nothing of the model: the name that was asked for does. */
  readonly ownNames?: boolean;
  /** Whether this credential reaches this model, where its secret says. Those that do are preferred. */
  serves?(credential: Credential, model: string): boolean | undefined;
  /** Names of the models at home here (`claude-*`): where a bare name goes when no upstream lists it. */
  readonly models?: readonly string[];
  endpoint(call: EndpointCall): string;
  /** The dialect in which the place lists the models that can be called there, at `endpoint`. Absent: it has no such list. */
  readonly listsModels?: Dialect;
  /** Operations that one of its dialects alone has. Absent: none of them is here. */
  readonly relay?: ProviderRelay;
  /** How callers of another dialect get embeddings here. Absent: not at all. */
  readonly embeddings?: ProviderEmbeddings;
  readonly authorize: Authorize;
  /** What may speak against a key that the vendor takes. */
  readonly keyRule?: KeyRule;
  /** Sent with every request unless the caller's own header of that name travels. */
  readonly headers?: HeaderMap;
  /** What holds for every model at this place, stronger than what is known of the model. */
  readonly facts?: ModelFacts;
  /** The environment variables by which the vendor's own tools take key and address; the first that is set counts. */
  readonly variables?: { readonly key: readonly string[]; readonly baseUrl: readonly string[] };
  /** Where tokens for this place are fetched, as origins: they are reached over the upstream's proxy too. */
  readonly tokenOrigins?: readonly string[];
  /** Answers without a key, as servers on one's own machine do. */
  readonly keyless?: boolean;
  /** Issuer of seals made here, where it differs from the dialect's name. */
  readonly signer?: string;
}

/** A rule of the house about keys, found out by one question more. */
interface KeyRule {
  /** Whether somebody asked for it. */
  applies(settings: Settings): boolean;
  /** GET, signed as every other request. */
  url(baseUrl: string): string;
  /** Why the key may not be used; undefined: it may. */
  against(reply: JsonObject): string | undefined;
}

export interface EndpointCall {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly model: string;
  readonly streaming: boolean;
  /** As configured, its holes filled: see joinUrl for what it may look like. */
  readonly baseUrl: string;
  readonly settings: Settings;
  /** The caller's own query, when its request is relayed. */
  readonly query?: URLSearchParams;
}

interface ProviderRelay {
  readonly lacks?: readonly (RelayedOperation | SocketOperation)[];
  endpoint(call: RelayEndpointCall): string;
}

export interface RelayEndpointCall extends Pick<EndpointCall, 'model' | 'baseUrl' | 'settings' | 'query'> {
  /** The door's own, its holes filled: `/v1/files/file-1`. */
  readonly path: string;
}

interface ProviderEmbeddings {
  /** The form in which this model is asked here; undefined: it makes no embeddings, as far as its name tells. */
  formOf(model: string): EmbeddingForm | undefined;
  endpoint(call: EmbeddingEndpointCall): string;
}

export interface EmbeddingEndpointCall extends Pick<EndpointCall, 'model' | 'baseUrl' | 'settings'> {
  readonly form: EmbeddingForm;
}

/** One setting of a place, for the configuration to check. */
export interface Setting {
  /** What it is, with an example: completes the sentence "region is …". */
  readonly meaning: string;
  readonly pattern?: RegExp;
  /** The environment variables that say it where the configuration does not; the first that is set counts. */
  readonly variables?: readonly string[];
  /** An upstream cannot be used without it. */
  readonly required?: boolean;
  readonly default?: string;
}
