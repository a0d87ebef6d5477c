import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../src/admin/openapi-document.ts';
import { operations } from '../../src/admin/operations.ts';
import { base } from '../../src/admin/operation.ts';
import { permissions } from '../../src/admin/permissions.ts';
import { permissionsTable } from './permissions-table.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

test('the document is OpenAPI 3.1 and holds every operation of ours', async () => {
  const document = openApiDocument() as Document & Record<string, unknown>;
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  const described = Object.values(document.paths).flatMap((path) => Object.values(path));
  const ours = operations.filter(({ path }) => path.startsWith(base)).map(({ id }) => id);
  expect(described.map(({ operationId }) => operationId).sort()).toEqual([...ours, 'openapi.read'].sort());
  expect(JSON.stringify(document)).not.toMatch(/"or(Text|Number|Reference)"/);
});

test('docs/admin-api.md has the table of routes and roles as it is', () => {
  const path = new URL('../../../../docs/admin-api.md', import.meta.url);
  const [, written] = /<!-- table -->\n\n([\s\S]*?)\n\n<!-- \/table -->/.exec(readFileSync(path, 'utf8')) ?? [];
  const table = permissionsTable();
  expect(cells(written ?? ''), `Paste this between the marks in docs/admin-api.md:\n\n${table}\n`).toEqual(
    cells(table),
  );
  expect(table.split('\n').length - 2).toBe(Object.keys(permissions).length);
});

/** Whatever the formatter made of the columns. */
function cells(table: string): readonly (readonly string[])[] {
  return table
    .split('\n')
    .filter((_, index) => index !== 1)
    .map((line) => line.split('|').map((cell) => cell.trim()));
}
