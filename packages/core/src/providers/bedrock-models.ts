/** Names of models at Bedrock: ids, ids behind a region's inference profile, and ARNs. All of them stand in the path. */

/** Claude's short names whose id at Bedrock does not follow from them. */
const oddNames: Readonly<Record<string, string>> = {
  'claude-2': 'anthropic.claude-v2',
  'claude-2.0': 'anthropic.claude-v2',
  'claude-2.1': 'anthropic.claude-v2:1',
  'claude-instant-1.2': 'anthropic.claude-instant-v1',
  'claude-3-opus': 'anthropic.claude-3-opus-20240229-v1:0',
  'claude-3-sonnet': 'anthropic.claude-3-sonnet-20240229-v1:0',
  'claude-3-haiku': 'anthropic.claude-3-haiku-20240307-v1:0',
  'claude-3-5-sonnet': 'anthropic.claude-3-5-sonnet-20241022-v2:0',
  'claude-3-5-sonnet-20241022': 'anthropic.claude-3-5-sonnet-20241022-v2:0',
  'claude-3-5-haiku': 'anthropic.claude-3-5-haiku-20241022-v1:0',
  'claude-3-7-sonnet': 'anthropic.claude-3-7-sonnet-20250219-v1:0',
  'claude-sonnet-4': 'anthropic.claude-sonnet-4-20250514-v1:0',
  'claude-sonnet-4-0': 'anthropic.claude-sonnet-4-20250514-v1:0',
  'claude-opus-4': 'anthropic.claude-opus-4-20250514-v1:0',
  'claude-opus-4-0': 'anthropic.claude-opus-4-20250514-v1:0',
  'claude-opus-4-1': 'anthropic.claude-opus-4-1-20250805-v1:0',
  'claude-sonnet-4-5': 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'claude-haiku-4-5': 'anthropic.claude-haiku-4-5-20251001-v1:0',
  'claude-opus-4-5': 'anthropic.claude-opus-4-5-20251101-v1:0',
  'claude-opus-4-6': 'anthropic.claude-opus-4-6-v1',
};

/** Those that can be asked without an inference profile. */
const onDemand = /^anthropic\.claude-(?:v2|instant|3-(?:opus|sonnet|haiku)-|3-5-sonnet-20240620)/;
/** Those that came before the profiles that span the world. */
const beforeGlobal = /^anthropic\.claude-(?:3|opus-4-(?:1-)?2025|sonnet-4-2025)/;

/** The id to ask for. What is no short name of Claude's (`claude-sonnet-4-5`) is an id, a profile or an ARN already. */
export function bedrockModelId(name: string, region: string): string {
  const short = name.replace(/-latest$/, '');
  if (!short.startsWith('claude-')) return name;
  const dated = /-\d{8}$/.test(short);
  const id =
    (Object.hasOwn(oddNames, short) ? oddNames[short] : undefined) ?? `anthropic.${short}${dated ? '-v1:0' : ''}`;
  return onDemand.test(id) ? id : `${profileOf(id, region)}.${id}`;
}

/** Newer models are asked by way of an inference profile; which there are depends on where one is. */
function profileOf(id: string, region: string): string {
  if (region.startsWith('us-gov-')) return 'us-gov';
  if (region.startsWith('us-')) return 'us';
  if (region.startsWith('eu-')) return 'eu';
  if (!beforeGlobal.test(id)) return 'global';
  return region.startsWith('ap-') ? 'apac' : 'us';
}

/** The model itself, without a profile: tokens are counted by it. */
export function foundationModelId(id: string): string {
  return id.replace(/^(?:us-gov|us|eu|apac|ap|jp|au|ca|sa|me|af|global)\.(?=[a-z0-9]+\.)/, '');
}

/** Claude models, as far as the name tells: an application's own profile hides it. */
export function isClaude(name: string): boolean {
  return /(?:^|[./])claude-/.test(name);
}
