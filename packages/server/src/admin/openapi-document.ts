import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import * as z from 'zod';
import { version } from '../version.ts';
import { base, openApiPath, type Operation } from './operation.ts';
import { operations } from './operations.ts';
import { permissions } from './permissions.ts';

let made: object | undefined;

/** OpenAPI 3.1 of the product's own operations, from the schemas that check them. */
export function openApiDocument(): object {
  made ??= createDocument(
    {
      openapi: '3.1.0',
      info: { title: '@proxy admin API', version, description, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/' }],
      paths: pathsOf(operations.filter(({ path }) => path.startsWith(base) || path === openApiPath)),
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'The admin key, or an access key.' },
          session: { type: 'apiKey', in: 'cookie', name: 'proxy_admin', description: 'Set by POST /session.' },
        },
      },
    },
    { override: ({ jsonSchema }) => void ourOwnWords.forEach((word) => delete jsonSchema[word as never]) },
  );
  return made;
}

const description =
  'Everything that can be asked of the server and done with it. Scripts send a key as a bearer token. Browsers log in ' +
  '(POST /session), and send the token of the session back as x-csrf-token with whatever is no GET.';

/** Meta that the configuration's JSON Schema goes by: see WrittenForms in config/schema.ts. */
const ourOwnWords = ['orText', 'orNumber', 'orReference', 'alsoTexts'] as const;

const errorSchema = z
  .object({
    error: z.object({ type: z.string(), message: z.string(), problems: z.array(z.string()).exactOptional() }),
  })
  .meta({ id: 'Error' });

function pathsOf(shown: readonly Operation[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const operation of shown) (paths[operation.path] ??= {})[operation.method.toLowerCase()] = described(operation);
  return paths;
}

function described(operation: Operation): ZodOpenApiOperationObject {
  const { id, summary, params, query, body, path } = operation;
  const roles: readonly string[] = permissions[id as keyof typeof permissions]; // permissions.test.ts holds them together
  const open = roles.includes('anonymous');
  return {
    operationId: id,
    summary,
    tags: [path.slice(base.length + 1).split('/')[0] ?? ''],
    security: open ? [{}] : [{ bearer: [] }, { session: [] }],
    'x-roles': roles,
    ...((params || query) && {
      requestParams: { ...(params && { path: params }), ...(query && { query }) },
    }),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { ...success(operation), default: refused },
  };
}

const refused = { description: 'It was not done.', content: { 'application/json': { schema: errorSchema } } };

function success({ id, answer, status }: Operation): ZodOpenApiOperationObject['responses'] {
  if (id === 'call.watch') return { 200: { description: 'Events.', content: { 'text/event-stream': {} } } };
  if (id === 'openapi.read') return { 200: { description: 'The document.', content: { 'application/json': {} } } };
  if (!answer) return { 204: { description: 'Done.' } };
  const code = String(status ?? 200) as '200'; // every status is a key here
  return { [code]: { description: 'Done.', content: { 'application/json': { schema: answer } } } };
}
