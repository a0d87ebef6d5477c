import { faults, items, members, text, type Members } from './json.ts';

/** What generateContent refuses although its types allow it. `model` stands in the path. */
export function geminiRuleFaults(body: Members, model: string): readonly string[] {
  const contents = items(body['contents']);
  const declarations = items(body['tools']).flatMap((tool) => items(tool['functionDeclarations']));
  const config = members(body['generationConfig']);
  const thinking = members(config['thinkingConfig']);
  const stops = config['stopSequences'];
  return [
    ...faults(
      [contents.length === 0, 'contents is empty'],
      [contents[0]?.['role'] === 'model', 'the first content is not a user turn'],
      ['responseSchema' in config && 'responseJsonSchema' in config, 'both responseSchema and responseJsonSchema'],
      [
        ('responseSchema' in config || 'responseJsonSchema' in config) &&
          config['responseMimeType'] !== 'application/json',
        'a response schema without responseMimeType application/json',
      ],
      ['thinkingBudget' in thinking && 'thinkingLevel' in thinking, 'both thinkingBudget and thinkingLevel'],
      [model.startsWith('gemini-3') && 'thinkingBudget' in thinking, 'thinkingBudget for a model that takes levels'],
      [model.startsWith('gemini-2') && 'thinkingLevel' in thinking, 'thinkingLevel for a model that takes budgets'],
      [Array.isArray(stops) && stops.length > 5, 'more than five stop sequences'],
      [Array.isArray(stops) && stops.length === 0, 'stopSequences is empty'],
    ),
    ...declarations.flatMap(declarationFaults),
    ...choiceFaults(members(members(body['toolConfig'])['functionCallingConfig']), declarations),
    ...contents.flatMap((content, index) => contentFaults(content, `contents[${index}]`)),
    ...items(members(body['systemInstruction'])['parts']).flatMap((part) =>
      faults([text(part['text']) === undefined || part['text'] === '', 'systemInstruction: only text, and not empty']),
    ),
    ...pairingFaults(contents),
    ...(model.startsWith('gemini-3') ? signatureFaults(contents) : []),
  ];
}

const data = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
];

function contentFaults(content: Members, at: string): readonly string[] {
  const parts = items(content['parts']);
  return [
    ...faults(
      [parts.length === 0, `${at}: a content without parts`],
      [content['role'] === undefined, `${at}: without role`],
    ),
    ...parts.flatMap((part, index) => {
      const held = data.filter((name) => name in part);
      return faults(
        [
          held.length !== 1,
          `${at}.parts[${index}]: required oneof field 'data' must have one initialized field, not ${held.join(' and ') || 'none'}`,
        ],
        [part['text'] === '' && !('thoughtSignature' in part), `${at}.parts[${index}]: an empty text`],
        [
          'inlineData' in part && !/^\w+\/[\w.+-]+$/.test(text(members(part['inlineData'])['mimeType']) ?? ''),
          `${at}.parts[${index}]: inlineData without mimeType`,
        ],
        [content['role'] === 'user' && 'functionCall' in part, `${at}.parts[${index}]: a call in a user turn`],
        [
          content['role'] === 'model' && 'functionResponse' in part,
          `${at}.parts[${index}]: a response in a model turn`,
        ],
      );
    }),
  ];
}

const name = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;

function declarationFaults(declaration: Members): readonly string[] {
  const at = `functionDeclarations ${JSON.stringify(declaration['name'])}`;
  const { parameters } = declaration;
  return faults(
    [!name.test(text(declaration['name']) ?? ''), `${at}: the name is not taken`],
    [
      'parameters' in declaration && 'parametersJsonSchema' in declaration,
      `${at}: both parameters and parametersJsonSchema`,
    ],
    [
      parameters !== undefined && members(parameters)['type'] !== 'OBJECT',
      `${at}: parameters schema should be of type OBJECT`,
    ],
    [
      parameters !== undefined && Object.keys(members(members(parameters)['properties'])).length === 0,
      `${at}: should be non-empty for OBJECT type`,
    ],
  );
}

function choiceFaults(config: Members, declarations: readonly Members[]): readonly string[] {
  const allowed = config['allowedFunctionNames'];
  const unknown = (Array.isArray(allowed) ? allowed : []).filter(
    (allow) => !declarations.some((one) => one['name'] === allow),
  );
  return faults(
    [
      allowed !== undefined && config['mode'] !== 'ANY' && config['mode'] !== 'VALIDATED',
      'allowedFunctionNames without mode ANY or VALIDATED',
    ],
    [unknown.length > 0, `allowedFunctionNames that are not declared: ${unknown.join(', ')}`],
    [config['mode'] === 'ANY' && declarations.length === 0, 'mode ANY without function declarations'],
  );
}

/** T2: as many responses as calls, of the same names, in the content right after; and calls only after a user turn. */
function pairingFaults(contents: readonly Members[]): readonly string[] {
  const wrong: string[] = [];
  for (const [index, content] of contents.entries()) {
    const calls = partsOf(content, 'functionCall');
    const responses = partsOf(content, 'functionResponse');
    const answers = contents[index + 1] ? partsOf(contents[index + 1] ?? {}, 'functionResponse') : [];
    const called = contents[index - 1] ? partsOf(contents[index - 1] ?? {}, 'functionCall') : [];
    if (calls.length > 0 && answers.length !== calls.length)
      wrong.push(
        `contents[${index}]: the number of function response parts (${answers.length}) is not that of the function call parts (${calls.length})`,
      );
    if (responses.length > 0 && called.length === 0)
      wrong.push(`contents[${index}]: function response turn must come immediately after a function call turn`);
    if (calls.length > 0 && contents[index - 1]?.['role'] !== 'user')
      wrong.push(
        `contents[${index}]: function call turn must come immediately after a user turn or a function response turn`,
      );
    for (const [at, response] of responses.entries()) {
      const call = called.find((one) => one['id'] !== undefined && one['id'] === response['id']) ?? called[at];
      if (call && call['name'] !== response['name'])
        wrong.push(`contents[${index}]: ${String(response['name'])} answers a call of ${String(call['name'])}`);
    }
  }
  return wrong;
}

function partsOf(content: Members, kind: string): readonly Members[] {
  return items(content['parts'])
    .filter((part) => kind in part)
    .map((part) => members(part[kind]));
}

/** Z4: the first call of each step is signed, or carries the sentinel; its siblings never carry the sentinel. */
function signatureFaults(contents: readonly Members[]): readonly string[] {
  return contents.flatMap((content, index) => {
    const [first, ...siblings] = items(content['parts']).filter((part) => 'functionCall' in part);
    return faults(
      [
        first !== undefined && !first['thoughtSignature'],
        `contents[${index}]: Function call is missing a thought_signature`,
      ],
      [
        siblings.some((part) => part['thoughtSignature'] === 'skip_thought_signature_validator'),
        `contents[${index}]: the sentinel stands on a sibling`,
      ],
    );
  });
}
