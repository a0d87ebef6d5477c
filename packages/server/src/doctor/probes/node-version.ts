import { found, type Finding } from '../faults.ts';

/** What packages/server/package.json asks for. */
const least = [22, 19] as const;

export function probeNodeVersion(version: string): readonly Finding[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return [];
  return [found('node-too-old', 'Node', `This is Node ${version}; ${least.join('.')} or newer is needed.`)];
}
