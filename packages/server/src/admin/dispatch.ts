import type { HttpRequest } from '@proxy/core';
import type { z } from 'zod';
import type { PageAnswer } from '../guards/page.ts';
import { isWithin } from '../public-address.ts';
import { pathText } from '../config/problems.ts';
import { StorageError } from '../storage/storage-error.ts';
import { answerOf, refusalAnswer } from './answers.ts';
import { readBody } from './body.ts';
import { challenge, identify, identifyAgain } from './identify.ts';
import type { Asked, Context, Operation, Outcome } from './operation.ts';
import { mayAsk } from './permissions.ts';
import type { AdminPlace } from './place.ts';
import type { Principal } from './principal.ts';
import { Refusal } from './refusal.ts';
import { isSame } from './secrets.ts';

/** A request at an operation: who asks, may they, what do they ask, and what became of it. Never rejects. */
export async function dispatch(
  operation: Operation,
  pathMembers: Readonly<Record<string, string>>,
  request: HttpRequest,
  place: AdminPlace,
): Promise<PageAnswer> {
  const address = request.address ?? '';
  let principal: Principal | undefined;
  try {
    checkAddress(address, place);
    principal = await identify(request, address, place);
    checkPermission(principal, operation);
    checkForgery(principal, operation, request);
    const stillAllowed = () => isAllowed(operation, request, place);
    const context: Context = { place, principal, request, address, stillAllowed };
    const outcome = await operation.handle(await askedOf(operation, pathMembers, request), context);
    await audit(operation, outcome, context);
    return answerOf(operation, outcome, place.config());
  } catch (error) {
    const known = principal !== undefined && principal.role !== 'anonymous';
    return { ...refusalAnswer(operation, refusalOf(error, operation, place)), ...(known && { known }) };
  }
}

/** Whether somebody asks who has shown who they are, be it for nothing that there is. */
export async function isKnown(request: HttpRequest, place: AdminPlace): Promise<boolean> {
  const address = request.address ?? '';
  try {
    checkAddress(address, place);
    return (await identify(request, address, place)).role !== 'anonymous';
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** False as well where it cannot be found out: a browser asks again by itself. */
async function isAllowed(operation: Operation, request: HttpRequest, place: AdminPlace): Promise<boolean> {
  const address = request.address ?? '';
  try {
    checkAddress(address, place);
    return mayAsk((await identifyAgain(request, address, place)).role, operation.id);
  } catch {
    return false;
  }
}

/** Row C28. */
function checkAddress(address: string, { config }: AdminPlace): void {
  const { allow } = config().admin;
  if (allow && !isWithin(address, allow))
    throw new Refusal('forbidden', 'Your address is not among those that may administer this server.');
}

function checkPermission(principal: Principal, { id }: Operation): void {
  if (mayAsk(principal.role, id)) return;
  if (principal.role === 'anonymous') throw new Refusal('unauthorized', 'This needs a key.', challenge);
  throw new Refusal('forbidden', `The role "${principal.role}" may not do this.`);
}

/** A browser sends its cookie for any page, and is on this machine for any page: only our own pages know the token. */
function checkForgery({ by, csrf }: Principal, { method }: Operation, { headers }: HttpRequest): void {
  if (method === 'GET') return;
  if (by === 'session' && !isSame(headers['x-csrf-token'] ?? '', csrf ?? ''))
    throw new Refusal('forbidden', 'The header x-csrf-token is missing or wrong: see GET /admin/api/v1/session.');
  if (by === 'local' && headers.origin !== undefined && hostOf(headers.origin) !== headers.host)
    throw new Refusal('forbidden', 'Only pages of this server itself may do this.');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

async function askedOf(
  { params, query, body, form }: Operation,
  pathMembers: Readonly<Record<string, string>>,
  request: HttpRequest,
): Promise<Asked> {
  const search = new URLSearchParams(request.url.split('?')[1]);
  return {
    params: params ? checked(params, pathMembers, 'path') : {},
    query: query ? checked(query, Object.fromEntries(search), 'query') : {},
    body: body ? checked(body, await readBody(request, form === true), 'body') : undefined,
  };
}

function checked<Output>(schema: z.ZodType<Output>, value: unknown, where: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const place = pathText(issue.path);
    return `${place === '' ? where : place}: ${issue.message}`;
  });
  throw new Refusal('invalid', `The ${where} cannot be used. ${problems.join(' ')}`, { problems });
}

async function audit({ id, method, unaudited }: Operation, { change }: Outcome, context: Context): Promise<void> {
  if (method === 'GET' || unaudited || !change) return;
  const { principal, place, address } = context;
  await place.storage.audit.append({ actor: principal.id, address, action: id, ...change });
}

function refusalOf(error: unknown, { id }: Operation, { log }: AdminPlace): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof StorageError) return new Refusal('conflict', error.message);
  const told = error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
  log('error', 'An operation of the admin API failed.', { operation: id, ...told });
  return new Refusal('internal', 'Something went wrong here. The log says what.');
}
