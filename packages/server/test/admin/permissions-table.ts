import { operations } from '../../src/admin/operations.ts';
import { permissions } from '../../src/admin/permissions.ts';

/** The table of docs/admin-api.md: who may ask for what. */
export function permissionsTable(): string {
  const rows = Object.entries(permissions).map(([id, roles]) => {
    const operation = operations.find((one) => one.id === id);
    const where = operation ? `\`${operation.method} ${operation.path}\`` : `\`GET ${pages[id] ?? ''}\``;
    return `| ${where} | ${wordFor(roles)} | ${operation?.summary ?? ''} |`;
  });
  return ['| route | who | what |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Pages that are no operations. */
export const pages: Readonly<Record<string, string>> = {
  'page.welcome': '/',
  'page.health': '/health',
  'page.ping': '/ping',
  'page.api-health': '/api/health',
  'page.metrics': '/metrics',
};

function wordFor(roles: readonly string[]): string {
  if (roles.includes('anonymous')) return 'everybody';
  return roles.includes('normal') ? 'every key' : roles.join(', ');
}
