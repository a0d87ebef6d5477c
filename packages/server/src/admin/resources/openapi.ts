import { openApiPath, operation, type Operation } from '../operation.ts';

/** The description of all this for machines. */
export const openApiOperations: readonly Operation[] = [
  operation({
    id: 'openapi.read',
    method: 'GET',
    path: openApiPath,
    summary: 'This document (OpenAPI 3.1).',
    async handle() {
      // Nobody else needs the library, and it is not small.
      const { openApiDocument } = await import('../openapi-document.ts');
      return { body: openApiDocument() };
    },
  }),
];
