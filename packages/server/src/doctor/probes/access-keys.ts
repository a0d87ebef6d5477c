import type { Config } from '../../config/config.ts';
import { hasRealKey } from '../../config/safety.ts';
import { found, type Finding } from '../faults.ts';

const leastLength = 16;

export function probeAccessKeys({ accessKeys }: Pick<Config, 'accessKeys'>): readonly Finding[] {
  return accessKeys.flatMap((accessKey, index) => {
    const subject = `access key ${accessKey.name ?? `#${index + 1}`}`;
    if (!hasRealKey([accessKey]))
      return [found('access-key-public', subject, 'It is the sample of the documentation.')];
    if (accessKey.key.length >= leastLength) return [];
    return [found('access-key-weak', subject, `It has ${accessKey.key.length} characters, so it can be guessed.`)];
  });
}
