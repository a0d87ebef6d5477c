import { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Target } from './prospect.ts';

/** What `strict` means. @throws Failure naming the first field that would be left out or changed. */
export function refuseLosses(notices: readonly Notice[], target: Target): void {
  const loss = notices.find(({ type }) => type !== 'defaulted');
  if (!loss) return;
  throw new Failure(
    'bad-request',
    `"${loss.field}" cannot be carried to ${target.upstream.name}/${target.model} (${loss.type}): ${loss.detail} ` +
      'Leave it out, or ask without strict.',
    { field: loss.field },
  );
}
