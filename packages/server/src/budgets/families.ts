/**
 * The model families of oai-reverse-proxy, which count tokens apart: patterns of `meansModel`. A name with a place in front is of
 * models served there (`azure/…`), and those are not of the vendor's own family.
 */
export const families: Readonly<Record<string, readonly string[]>> = {
  turbo: ['gpt-3.5*', '!azure/*'],
  gpt4: ['gpt-4', 'gpt-4-0*', '!gpt-4-0125*', '!azure/*'],
  'gpt4-32k': ['gpt-4-32k*', '!azure/*'],
  'gpt4-turbo': ['gpt-4-turbo*', 'gpt-4-1106*', 'gpt-4-0125*', 'gpt-4-vision*', '!azure/*'],
  gpt4o: ['gpt-4o*', 'chatgpt-4o*', '!azure/*'],
  'dall-e': ['dall-e*', 'gpt-image*', '!azure/*'],
  claude: ['claude*', '!*opus*', '!bedrock/*', '!vertex/*'],
  'claude-opus': ['claude*opus*', '!bedrock/*', '!vertex/*'],
  'gemini-pro': ['gemini*', '!vertex/*'],
  'mistral-tiny': ['open-mistral-7b*', 'mistral-tiny*', 'open-mistral-nemo*'],
  'mistral-small': ['open-mixtral-8x7b*', 'mistral-small*'],
  'mistral-medium': ['mistral-medium*', 'open-mixtral-8x22b*'],
  'mistral-large': ['mistral-large*'],
  'aws-claude': ['bedrock/*claude*', '!*opus*'],
  'aws-claude-opus': ['bedrock/*claude*opus*'],
  'gcp-claude': ['vertex/claude*', '!*opus*'],
  'gcp-claude-opus': ['vertex/claude*opus*'],
  'azure-turbo': ['azure/gpt-35*', 'azure/gpt-3.5*'],
  'azure-gpt4': ['azure/gpt-4', 'azure/gpt-4-0*', '!azure/gpt-4-0125*'],
  'azure-gpt4-32k': ['azure/gpt-4-32k*'],
  'azure-gpt4-turbo': ['azure/gpt-4-turbo*', 'azure/gpt-4-1106*', 'azure/gpt-4-0125*'],
  'azure-gpt4o': ['azure/gpt-4o*'],
  'azure-dall-e': ['azure/dall-e*', 'azure/gpt-image*'],
};
