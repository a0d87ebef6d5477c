import type { HttpRequest, Source } from '@proxy/core';
import type { z } from 'zod';
import type { AdminPlace } from './place.ts';
import type { Principal } from './principal.ts';
import type { Refusal } from './refusal.ts';

/** One thing that can be asked of the server. Who may ask is in permissions.ts, by its id. */
export interface Operation {
  /** `user.create`: what the audit log calls it. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/admin/api/v1/users/{id}` */
  readonly path: string;
  /** What it does, for people. */
  readonly summary: string;
  /** Members of the path. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** A form (application/x-www-form-urlencoded) is read as well as JSON. */
  readonly form?: true;
  /** Absent: there is nothing to tell, or it is no JSON. */
  readonly answer?: z.ZodType;
  /** Of a success; absent: 200, or 204 without a body. */
  readonly status?: number;
  /** It changes nothing, or its change is no more than the asking: not audited. */
  readonly unaudited?: true;
  /** The answer holds a secret on purpose, the only time that it is told. */
  readonly tellsSecret?: true;
  /** A predecessor's: it is left out of the OpenAPI document, and refuses in this form. */
  readonly refuse?: (refusal: Refusal) => object;
  /** Whether it is there at all under this configuration; absent: always. */
  readonly open?: (place: AdminPlace) => boolean;
  handle(asked: Asked, context: Context): Outcome | Promise<Outcome>;
}

/** What schemas have let through. */
export interface Asked {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface Context {
  readonly place: AdminPlace;
  readonly principal: Principal;
  readonly request: HttpRequest;
  /** Where it comes from, for counting and records. */
  readonly address: string;
  /** For answers that last: whether who asked might ask it now. */
  readonly stillAllowed: () => Promise<boolean>;
}

export interface Outcome {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of a body: events, for as long as somebody listens. */
  readonly events?: Source;
  /** Instead of a body: a page. */
  readonly html?: string;
  /** What has been changed: goes into the audit log, secrets masked. */
  readonly change?: Change;
}

export interface Change {
  /** The id of what was changed. */
  readonly object: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

type Read<Schema> = Schema extends z.ZodType ? z.output<Schema> : Readonly<Record<string, never>>;

interface Written<Params, Query, Body> extends Omit<Operation, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  handle(
    asked: { readonly params: Read<Params>; readonly query: Read<Query>; readonly body: Read<Body> },
    context: Context,
  ): Outcome | Promise<Outcome>;
}

/** An operation whose handler is typed by its schemas. */
export function operation<
  Params extends z.ZodObject | undefined = undefined,
  Query extends z.ZodObject | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(written: Written<Params, Query, Body>): Operation {
  return written as unknown as Operation; // the dispatcher hands each handler what its own schemas let through
}

/** Where the product's own operations stand. */
export const base = '/admin/api/v1';

export const openApiPath = '/admin/api/openapi.json';
