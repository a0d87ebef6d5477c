import { found, type FaultId, type Finding } from '../faults.ts';

/** The sentences of a configuration that cannot be used, each as a finding. */
export function configFindings(problems: readonly string[], file: string | undefined): readonly Finding[] {
  return problems.map((problem) => {
    const [id = 'config-invalid'] = rows.find(([, words]) => words.test(problem)) ?? [];
    return found(id, file ?? 'environment', problem);
  });
}

const rows: readonly (readonly [FaultId, RegExp])[] = [
  ['host-unsafe', /^Refusing to listen/],
  ['option-unknown', /is not an option here/],
  ['variable-missing', /environment variable \w+ is not set/],
  ['provider-unknown', /is not a provider\./],
  ['upstream-is-self', /is this proxy itself/],
  ['route-unknown-upstream', /^routes.*is not an upstream/],
  ['certificate-file-unusable', /\.connection: /],
  ['credential-file-unreadable', /\.apiKeys(\[\d+\])?: .*cannot be read/],
];
