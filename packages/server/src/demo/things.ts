/** What a prompt is about: the names, quotations and numbers that arguments are made from. */
export interface Things {
  /** "Paris" and "Tokyo" in "the weather in Paris and Tokyo". */
  readonly names: readonly string[];
  readonly numbers: readonly number[];
  readonly words: readonly string[];
}

const quoted = /"([^"]{1,80})"|“([^”]{1,80})”|「([^」]{1,80})」|`([^`]{1,80})`/g;
// "and", "San Francisco" and "New York" stay together; the first word of a sentence is upper case without being a name.
const capitalised = /(?<![\p{L}\d])\p{Lu}[\p{L}\d'’.-]*[\p{L}\d](?: \p{Lu}[\p{L}\d'’.-]*[\p{L}\d])*/gu;
const sentenceStart = /(?:^|[.!?:\n]\s*)$/;
const chinesePair =
  /(\p{Script=Han}{2,4}?)(?:和|与|跟|、)(\p{Script=Han}{2,4}?)(?=的|天|时|今|明|现|怎|各|，|。|？|$)/u;

export function thingsIn(prompt: string): Things {
  const quotations = [...prompt.matchAll(quoted)].map(
    (match) => match.slice(1).find((part) => part !== undefined) ?? '',
  );
  const bare = prompt.replace(quoted, ' ');
  const names = [...bare.matchAll(capitalised)]
    .filter((match) => !sentenceStart.test(bare.slice(0, match.index)) && !openers.has(match[0]))
    .map(([name]) => name);
  const pair = chinesePair.exec(bare);
  return {
    names: [...new Set([...quotations, ...names, ...(pair ? [pair[1] ?? '', pair[2] ?? ''] : [])])],
    numbers: [...bare.matchAll(/(?<![\w.])-?\d+(?:\.\d+)?(?![\w])/g)].map(([digits]) => Number(digits)),
    words: bare.toLowerCase().match(/[\p{L}\d]+/gu) ?? [],
  };
}

const openers: ReadonlySet<string> = new Set(['I', "I'm", 'API', 'JSON', 'OK']);
