import type { FaultId } from './faults.ts';

/** What an upstream's refusal stands for: its words where they say more than the status, else the status. */
export function refusalFault(status: number, contentType: string, text: string): FaultId {
  const [id] = rows.find(([, statuses, words]) => statuses.test(String(status)) && words.test(text)) ?? [];
  if (id !== undefined) return id;
  if (status >= 300 && status < 400) return 'base-url-redirects';
  if (isPage(contentType, text)) return 'base-url-wrong';
  return byStatus[status] ?? (status >= 500 ? 'upstream-failing' : 'request-refused');
}

/** A web page, where an API would answer JSON. */
export function isPage(contentType: string, text: string): boolean {
  return contentType.startsWith('text/html') || /^\s*<(!doctype html|html)/i.test(text);
}

const byStatus: Readonly<Record<number, FaultId>> = {
  401: 'key-refused',
  402: 'billing',
  403: 'key-forbidden',
  404: 'base-url-wrong',
  405: 'base-url-wrong',
  407: 'proxy-refused',
  408: 'answer-timeout',
  410: 'base-url-wrong',
  429: 'rate-limited',
  503: 'upstream-overloaded',
  504: 'answer-timeout',
  529: 'upstream-overloaded',
};

/** The first that fits counts. Statuses differ between vendors for the same thing, so most rows take several. */
const rows: readonly (readonly [FaultId, RegExp, RegExp])[] = [
  ['scheme-wrong', /^400$/, /HTTP request (was sent )?to (an )?HTTPS/i],
  ['client-certificate-needed', /^400$/, /No required SSL certificate/i],
  ['region-unsupported', /^4/, /unsupported_country|country, region, or territory|user location is not supported/i],
  [
    'clock-skew',
    /^4/,
    /signature (not yet current|expired)|RequestTimeTooSkewed|is now earlier than|is still later than/i,
  ],
  ['region-wrong', /^4/, /scoped to a valid region|not (available|supported) in (this|the|your) region/i],
  ['api-disabled', /^403$/, /SERVICE_DISABLED|has not been used in project|API is disabled/i],
  [
    'billing',
    /^4/,
    /insufficient_quota|exceeded your current quota|billing|credit balance|insufficient (balance|credit|funds)|余额不足|欠费/i,
  ],
  ['inference-profile-needed', /^400$/, /on-demand throughput isn.t supported/i],
  ['deployment-not-found', /^404$/, /DeploymentNotFound|deployment .*does not exist/i],
  ['api-version-wrong', /^4/, /api.version/i],
  [
    'key-refused',
    /^4/,
    /api.key (is )?(not valid|invalid)|API_KEY_INVALID|invalid.{0,12}api.key|UnrecognizedClient|security token included/i,
  ],
  ['model-forbidden', /^403$/, /model/i],
  [
    'model-not-found',
    /^4(00|04)$/,
    /model_not_found|model.{0,80}(not found|does not exist|not exist|unknown|invalid|not supported)|not_found_error.{0,40}model|(invalid|unknown|no such) model|model identifier is invalid/is,
  ],
  [
    'tools-unsupported',
    /^4/,
    /(does not|doesn.t|not) support(ed)? (tool|function)|tool.choice requires|enable-auto-tool-choice/i,
  ],
];
