/** Everything that `proxy doctor` can find: a stable id, and the mend in one sentence or two. Scripts and docs may rely on the ids. */
export const faults = {
  // This machine.
  'node-too-old': 'Install a newer Node (nodejs.org), or use the Dockerfile of this repository, which brings its own.',
  'port-in-use':
    'Stop the program that has the port (lsof -i :PORT shows which), or choose another: server.port or PORT.',
  'port-not-allowed': 'Ports below 1024 need rights. Choose another, and let a reverse proxy have the small one.',
  'host-unknown': 'This machine has no such address. Listen on 127.0.0.1, 0.0.0.0 or an address that "ip addr" shows.',
  'data-folder-unwritable':
    'Give the folder to the user that the server runs as (chown), or set BASE_PATH to one that it may write.',
  'disk-full': 'Make room on that disk: records and the database are written there.',
  'secrets-world-readable': 'Take the file from everybody but its owner: chmod 600 FILE.',
  'clock-skew':
    'Set the clock of this machine (timedatectl set-ntp true): signatures and tokens are refused when it is wrong.',
  // The configuration.
  'config-invalid': 'Mend the configuration as the sentence says; "proxy check" repeats it.',
  'option-unknown': 'Correct the spelling of the option; "proxy schema" lists all of them for an editor.',
  'variable-missing': 'Set the variable in the environment or in .env, or write a default: ${NAME:-value}.',
  'provider-unknown': 'Use one of the names in docs/providers.md, or describe the vendor under "vendors".',
  'credential-file-unreadable':
    'Correct the path, which is relative to the configuration, or let the server’s user read the file.',
  'certificate-file-unusable':
    'Correct the path, or give a PEM text with "-----BEGIN" in it, and the key that belongs to it.',
  'host-unsafe': 'Set PROXY_ACCESS_KEY or accessKeys to a secret of your own, or listen on 127.0.0.1.',
  'upstream-unknown': 'Name an upstream as the configuration does; "proxy config list" shows them.',
  'upstream-is-self': 'Write the vendor’s address as baseUrl, or move one of the two to another port.',
  'route-unknown-upstream': 'Name an upstream that is configured in the targets of the route.',
  'access-key-public':
    'Choose a secret of your own: this one stands in the documentation. openssl rand -hex 24 makes one.',
  'access-key-weak': 'Choose a longer one: openssl rand -hex 24 makes one.',
  'no-upstream': 'Set a vendor’s key (OPENAI_API_KEY, ANTHROPIC_API_KEY, …), or add an upstream: proxy config add.',
  'upstream-without-key': 'Add a key: proxy config key UPSTREAM add KEY.',
  'key-is-example': 'Replace it by a key of your own from the vendor’s console.',
  'key-malformed': 'Write the key alone: without quotes, blanks, line breaks or "Bearer ".',
  'key-of-another-vendor': 'Put the key under the upstream it belongs to, or correct the upstream’s provider.',
  // The storage.
  'storage-unwritable':
    'Give file and folder to the user that the server runs as (chown), or name another place: storage, DATABASE_PATH.',
  'storage-damaged': 'It is no database, or a damaged one: bring it back from a backup, or name another file.',
  'storage-unreachable': 'Start PostgreSQL, or correct host and port of the address: storage, DATABASE_URL.',
  'storage-login-refused': 'Correct user and password of the address, or let this user in (pg_hba.conf).',
  'storage-database-missing': 'Make the database (createdb NAME), or correct its name in the address.',
  'storage-not-allowed': 'Give the database to this user: ALTER DATABASE name OWNER TO "user".',
  'storage-unusable': 'The database’s own words say why; its log may say more.',
  'storage-newer': 'Start the newer version of this program that wrote it, or name another database.',
  'storage-outdated': 'The next start brings it up to date. Make a backup before, and stop older servers at it.',
  'encryption-key-wrong':
    'Set ENCRYPTION_KEY (encryptionKey) to the key that it was written with, or bring back the key file beside it.',
  'encryption-key-missing': 'Set ENCRYPTION_KEY (encryptionKey) to a long random text: openssl rand -hex 32 makes one.',
  // The way to an upstream.
  'dns-unknown-host':
    'Correct the host in baseUrl; if it is right, look at this machine’s DNS (/etc/resolv.conf, VPN).',
  'dns-unavailable': 'The name server does not answer: look at /etc/resolv.conf and the network.',
  'connection-refused': 'Start the program that should listen there, or correct host and port of baseUrl.',
  'connection-timeout': 'A firewall drops the packets, or the host is down: open the way, or set connection.proxy.',
  'connection-cut':
    'The other side hung up without an answer. If it speaks TLS, write https:// in baseUrl; else look at its log.',
  'network-unreachable': 'There is no route to it: look at this machine’s network, its IPv6, and VPN.',
  'scheme-wrong': 'Write http:// where the server speaks no TLS, and https:// where it does.',
  'not-http': 'Something else than an HTTP server listens there: correct host and port of baseUrl.',
  'certificate-expired':
    'Renew the certificate of that server. Until then, for this upstream alone: insecureSkipVerify: true.',
  'certificate-not-yet-valid': 'Look at this machine’s clock first; else the certificate was issued for later.',
  'certificate-wrong-name': 'Use the host name that the certificate is for, or have it issued for this one.',
  'certificate-self-signed': 'Trust it by connection.ca: that certificate as PEM, or a path to it.',
  'certificate-authority-unknown':
    'Trust the private authority by connection.ca (PEM or path), or NODE_EXTRA_CA_CERTS.',
  'client-certificate-needed': 'The server wants our certificate: connection.cert and connection.key.',
  'proxy-unreachable': 'Correct connection.proxy (or HTTPS_PROXY), or take it away: connection.proxy: none.',
  'proxy-refused':
    'Put user and password into the proxy’s address: http://user:password@proxy:3128, or have this host allowed there.',
  // What it answers.
  'base-url-wrong':
    'Correct baseUrl: it must be the address of the API, not of a web page; a trailing # means "exactly this".',
  'base-url-redirects': 'Write the address that it redirects to as baseUrl: keys are not sent after redirections.',
  'key-refused': 'The key is wrong, revoked or of another account: make a new one in the vendor’s console.',
  'key-forbidden': 'The key may not do this: give it the right in the vendor’s console, or use another.',
  'model-forbidden': 'Ask for access to the model in the vendor’s console, or leave it out of "models".',
  'model-not-found': 'Correct the name in "models": the right side of a map is the upstream’s own name.',
  'model-unlisted': 'Correct the name in "models" if calls fail: the vendor’s own list does not have it.',
  'deployment-not-found':
    'Name the deployment as it is called in Azure: models: { gpt-5: my-deployment }, and look at "resource".',
  'inference-profile-needed':
    'Name an inference profile (us.…, eu.…) or its ARN: this model is not served on demand by its id.',
  'api-version-wrong': 'Set apiVersion to one that this resource knows, or leave it out for /openai/v1.',
  'api-disabled': 'Switch the API on in the project’s console, and wait a minute.',
  'region-wrong': 'Set the region that the key and the model belong to: region, or the key’s own part.',
  'region-unsupported':
    'The vendor does not serve this country: go over a proxy elsewhere (connection.proxy) or another cloud.',
  billing: 'Add credit or a means of payment in the vendor’s console, or raise the account’s limit.',
  'rate-limited': 'Wait, add keys, or ask the vendor for higher limits.',
  'upstream-overloaded': 'The vendor has no room at the moment: add a fallback in "routes".',
  'upstream-failing': 'The vendor’s side fails: look at its status page, or at the log of the server there.',
  'answer-timeout': 'It did not answer in time: look at its load, or try again with a longer --timeout.',
  'request-refused':
    'The upstream refuses the request: its words say why; "facts" or "modelFacts" may have to be corrected.',
  'tools-unsupported':
    'The model or its server takes no tools (vLLM: --enable-auto-tool-choice). Agents need another model.',
  'not-streaming':
    'It answers streams as a whole: switch buffering off in whatever stands between, or use a server that streams.',
  'stream-cut': 'The stream ended before its end: look at timeouts and buffering of whatever stands between.',
  'tool-call-missing':
    'The model called no tool though it had to: agents need another model, or a server that parses its calls.',
  'tool-call-malformed': 'The arguments of the call are no JSON object: look at the server’s tool-call parser.',
  'usage-missing':
    'Tokens cannot be counted, so limits and cost are guesses: let the server report usage in streams (stream_options.include_usage).',
} as const satisfies Readonly<Record<string, string>>;

export type FaultId = keyof typeof faults;

/** Worth knowing, but calls work: they do not make the exit code 1. */
const warnings: ReadonlySet<FaultId> = new Set([
  'access-key-weak',
  'model-unlisted',
  'no-upstream',
  'rate-limited',
  'storage-outdated',
  'upstream-overloaded',
]);

export interface Finding {
  readonly id: FaultId;
  readonly severity: 'fault' | 'warning';
  /** What it is about: an upstream, a key by its number, a file. */
  readonly subject: string;
  readonly seen: string;
  readonly mend: string;
}

/** A finding of this id; `seen` is what was seen, without secrets. */
export function found(id: FaultId, subject: string, seen: string): Finding {
  return { id, severity: warnings.has(id) ? 'warning' : 'fault', subject, seen, mend: faults[id] };
}
